//! The files of bad rows.

use crate::support::{export, options, paid};
use imports::sample::HEADER;
use imports::{Reader, Record, Rejects, RejectsError, Source, Written};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Reads a file and keeps its bad rows beside it.
fn reject(path: &Path, replace: bool) -> Result<Option<Written>, RejectsError> {
    let mut rejects = Rejects::beside(path, replace);
    for record in Reader::new(vec![Source::file(path)], options()) {
        if let Record::Bad(bad) = record.expect("a sound file") {
            rejects.push(&bad)?;
        }
    }
    rejects.finish()
}

#[test]
fn bad_rows_stand_under_their_header_and_their_reasons_in_a_file_of_their_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("gifts.csv");
    let broken = paid(&[("Amount", "x"), ("Donor City", "San\r\nJosé, \"CA\""), ("Mobile", "y")]);
    let file = export(&[paid(&[]), broken.clone(), paid(&[]), "short".into()]);
    fs::write(&path, &file).expect("written");
    let written = reject(&path, false).expect("written").expect("bad rows");
    assert_eq!((written.rows.clone(), written.count), (folder.path().join("gifts.csv.rejected"), 2));
    let rows = fs::read_to_string(&written.rows).expect("there");
    assert_eq!(rows, format!("{HEADER}\r\n{broken}\r\nshort\r\n"));
    let reasons = fs::read_to_string(&written.reasons).expect("there");
    assert_eq!(
        reasons,
        "line 3: bad_value: Mobile: expected t, f or nothing; \
         no_amount: Amount: expected an amount above zero, such as 25.00\n\
         line 6: bad_row: expected 101 cells, as in the header, and found 1\n"
    );
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!((mode(&written.rows), mode(&written.reasons)), (0o600, 0o600));
    // Corrected, it is an export like any other.
    fs::write(&written.rows, rows.replace(",x,", ",2.00,").replace(",y,", ",t,").replace("short\r\n", ""))
        .expect("written");
    assert_eq!(reject(&written.rows, false).expect("written"), None);
}

#[test]
fn a_file_without_bad_rows_gets_no_file_beside_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("gifts.csv");
    fs::write(&path, export(&[paid(&[])])).expect("written");
    assert_eq!(reject(&path, false).expect("nothing to write"), None);
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
}

#[test]
fn what_is_there_is_replaced_only_when_that_is_wished() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("gifts.csv");
    fs::write(&path, export(&["short".into()])).expect("written");
    let there = folder.path().join("gifts.csv.rejected");
    fs::write(&there, "being corrected").expect("written");
    assert!(matches!(reject(&path, false), Err(RejectsError::Exists(path)) if path == there));
    assert_eq!(fs::read_to_string(&there).expect("there"), "being corrected");
    assert_eq!(reject(&path, true).expect("written").expect("bad rows").count, 1);
    assert_eq!(reject(&path, false).expect("the same rows as before").expect("bad rows").count, 1);
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 3);
    assert!(fs::read_to_string(&there).expect("there").ends_with("\r\nshort\r\n"));
}

#[test]
fn rows_of_a_packed_file_lie_beside_it_unpacked_and_those_of_a_stream_where_it_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let bad = "{\"type\":1}";
    fs::write(folder.path().join("x.ndjson.gz"), bad).expect("written");
    let written = reject(&folder.path().join("x.ndjson.gz"), false).expect("written").expect("bad rows");
    assert_eq!(written.rows, folder.path().join("x.ndjson.rejected"));
    let mut rejects = Rejects::at(folder.path().join("piped"), false);
    let mut reader = Reader::new(vec![Source::stream("standard input", bad.as_bytes())], options());
    let Some(Ok(Record::Bad(row))) = reader.next() else { panic!("a bad row") };
    rejects.push(&row).expect("written");
    let written = rejects.finish().expect("written").expect("bad rows");
    assert_eq!((written.rows.clone(), written.reasons), (folder.path().join("piped"), folder.path().join("piped.txt")));
    assert_eq!(fs::read_to_string(written.rows).expect("there"), format!("{bad}\n"));
}
