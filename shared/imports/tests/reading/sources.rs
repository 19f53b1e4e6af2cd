//! Opening, unpacking, and what happens when a source ends too early.

use crate::support::{export, options, paid, read, read_all, stream};
use flate2::Compression;
use flate2::write::GzEncoder;
use imports::sample::{CANCELLED_HEADER, HEADER};
use imports::{Error, Options, Reader, Record, Source};
use std::io::{self, Read, Write};
use std::path::PathBuf;

/// An export of this many rows, with line items from 1.
fn rows(count: usize) -> String {
    let rows: Vec<_> =
        (1..=count).map(|n| paid(&[("Lineitem ID", &n.to_string()), ("Comments", &"x".repeat(n % 50))])).collect();
    export(&rows)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(bytes).expect("memory");
    out.finish().expect("memory")
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut out = zstd::Encoder::new(Vec::new(), 1).expect("memory");
    out.include_checksum(true).expect("a known option");
    out.write_all(bytes).expect("memory");
    out.finish().expect("memory")
}

fn line(lineitem: u64) -> String {
    format!(
        r#"{{"contribution":{{"createdAt":"2026-05-11T00:00:00Z","orderNumber":"AB1"}},"lineitems":[{{"entityId":7,"amount":"1.0","paidAt":"2026-05-11T00:00:00Z","lineitemId":{lineitem}}}]}}"#
    )
}

/// A file that ends with its folder.
fn file(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("gifts.csv");
    std::fs::write(&path, bytes).expect("written");
    (folder, path)
}

#[test]
fn packed_and_plain_files_and_streams_are_read_alike() {
    let plain = rows(300);
    let (half, rest) = plain.as_bytes().split_at(plain.len() / 3);
    let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3][..], &zstd(plain.as_bytes())].concat();
    for bytes in [
        plain.clone().into_bytes(),
        gzip(plain.as_bytes()),
        [gzip(half), gzip(b""), gzip(rest)].concat(),
        zstd(plain.as_bytes()),
        [zstd(half), zstd(rest)].concat(),
        skippable,
    ] {
        let (_folder, path) = file(&bytes);
        for source in [stream(&bytes), Source::file(&path)] {
            let all = read_all(vec![source], options());
            assert!(all.errors.is_empty() && all.bad.is_empty(), "{:?}", all.errors);
            assert_eq!(
                all.items.iter().map(|item| item.event.lineitem).collect::<Vec<_>>(),
                (1..=300).collect::<Vec<_>>()
            );
        }
    }
}

#[test]
fn packed_json_is_read_from_a_stream() {
    let all = read(gzip(format!("{}\n{}", line(1), line(2)).as_bytes()));
    assert_eq!((all.items.len(), all.errors.len()), (2, 0));
}

#[test]
fn a_truncated_file_gives_its_rows_and_then_an_error_that_says_how_far() {
    for packed in [gzip(rows(2_000).as_bytes()), zstd(rows(2_000).as_bytes())] {
        let cut = &packed[..packed.len() * 2 / 3];
        let (_folder, path) = file(cut);
        for source in [stream(cut), Source::file(&path)] {
            let name = source.name().clone();
            let all = read_all(vec![source, stream(rows(1))], options());
            let [Error::Read { name: found, line, bytes, .. }] = &all.errors[..] else { panic!("{:?}", all.errors) };
            assert_eq!(*found, name);
            let good = all.good_lines.len() as u64 - 1;
            assert!(good > 100, "{good}");
            assert_eq!(*line, good + 1, "every line that was read whole was given");
            assert!(*bytes > 0);
            assert!(all.bad.is_empty(), "half a row is no bad row");
            let expected = (1..=good).chain([1]).collect::<Vec<_>>();
            assert_eq!(all.items.iter().map(|item| item.event.lineitem).collect::<Vec<_>>(), expected);
        }
    }
}

#[test]
fn a_damaged_file_gives_an_error_and_nothing_wrong() {
    for packed in [gzip(rows(2_000).as_bytes()), zstd(rows(2_000).as_bytes())] {
        let mut bytes = packed.clone();
        let last = bytes.len() - 6;
        bytes[last] ^= 0xff;
        let all = read(&bytes);
        assert_eq!(all.errors.len(), 1, "the checksum is checked");
        assert!(all.items.iter().map(|item| item.event.lineitem).eq(1..=all.items.len() as u64));
    }
    let all = read([&gzip(rows(3).as_bytes())[..], b"garbage behind it"].concat());
    assert_eq!((all.items.len(), all.errors.len()), (3, 1));
}

#[test]
fn a_file_that_is_missing_does_not_keep_the_next_one_from_being_read() {
    let all = read_all(vec![Source::file("/nowhere/gifts.csv"), stream(rows(2))], options());
    assert!(matches!(&all.errors[..], [Error::Open { name, .. }] if &**name == "/nowhere/gifts.csv"));
    assert_eq!(all.items.len(), 2);
}

#[test]
fn a_stream_that_fails_gives_its_rows_and_then_the_error() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::new(io::ErrorKind::ConnectionReset, "gone"))
        }
    }
    for bytes in [rows(5), format!("{}\n{}\n{{\"half", line(1), line(2)), String::new()] {
        let good = bytes.lines().filter(|line| line.starts_with("AB") || line.ends_with('}')).count();
        let all = read_all(vec![Source::stream("pipe", io::Cursor::new(bytes).chain(Failing))], options());
        assert_eq!((all.items.len(), all.errors.len(), all.bad.len()), (good, 1, 0));
        let source = std::error::Error::source(&all.errors[0]).expect("a source").to_string();
        assert_eq!(source, "gone");
    }
}

#[test]
fn empty_files_have_no_rows() {
    for bytes in ["", "\n", "\u{feff}", " \r\n\t\n", &format!("{HEADER}\r\n"), CANCELLED_HEADER] {
        let all = read(bytes);
        assert!(all.items.is_empty() && all.bad.is_empty() && all.errors.is_empty(), "{bytes:?}");
    }
}

#[test]
fn a_mark_blank_lines_and_both_line_ends_are_taken() {
    let plain = rows(3);
    for bytes in [
        format!("\u{feff}{plain}"),
        plain.replace("\r\n", "\n"),
        plain.replace("\r\n", "\r\n\r\n"),
        plain.replace("\r\n", "\n  \n"),
        format!("\n\n{plain}"),
        plain.trim_end().to_owned(),
        format!("\"Receipt ID\"{}", plain.strip_prefix("Receipt ID").expect("the header")),
    ] {
        let all = read(&bytes);
        assert_eq!((all.items.len(), all.bad.len(), all.errors.len()), (3, 0, 0), "{bytes:?}");
    }
}

#[test]
fn a_header_of_no_export_says_what_is_missing() {
    let check = |bytes: &str, said: &str| {
        let all = read(bytes);
        let [error] = &all.errors[..] else { panic!("{bytes}: {:?}", all.errors) };
        assert_eq!(error.to_string(), said);
        assert!(all.bad.is_empty());
    };
    let none = "the header of standard input is of none of the exports:";
    let payments = "paid and refunded contributions need";
    check(&HEADER.replace("Lineitem ID", "Line Item"), &format!("{none} {payments} Lineitem ID"));
    check(&HEADER.replace(",Date", ",Day").replace(",Amount", ",Sum"), &format!("{none} {payments} Date, Amount"));
    let cancelled = "cancelled recurring contributions need";
    check(&CANCELLED_HEADER.replace("Receipt ID", "Receipt"), &format!("{none} {cancelled} Receipt ID"));
    check(
        "Name,Email\nMarisol,m@example.org",
        &format!(
            "{none} {payments} Receipt ID, Date, Amount, Lineitem ID, Recipient ID; {cancelled} Receipt ID, Cancelled On"
        ),
    );
    check(
        "[{}]",
        "standard input begins with neither a JSON object nor the header of an export: a JSON array; one object on each line is read",
    );
    check(
        "\"open",
        "standard input begins with neither a JSON object nor the header of an export: a line with an open quote",
    );
}

#[test]
fn a_column_that_comes_twice_makes_the_file_unreadable_unless_it_is_reserved() {
    let all = read(format!("{HEADER},Comments\n"));
    assert_eq!(all.errors[0].to_string(), "the header of standard input has the column \"Comments\" twice");
    let all = read(format!("{HEADER}, donor zip \n"));
    assert!(matches!(&all.errors[..], [Error::Twice { column, .. }] if column == "donor zip"));
}

#[test]
fn reading_goes_on_behind_a_row_that_was_read_before() {
    let sources = || vec![stream(rows(3)), stream(rows(4)), stream(format!("{}\n{}\n", line(8), line(9)))];
    let all = read_all(sources(), Options { after: Some((1, 3)), ..options() });
    assert_eq!(all.items.iter().map(|item| item.event.lineitem).collect::<Vec<_>>(), [3, 4, 8, 9]);
    let all = read_all(sources(), Options { after: Some((2, 1)), ..options() });
    assert_eq!(all.items.iter().map(|item| item.event.lineitem).collect::<Vec<_>>(), [9]);
    let all = read_all(sources(), Options { after: Some((9, 1)), ..options() });
    assert!(all.items.is_empty());
}

#[test]
fn progress_counts_the_bytes_of_the_file_as_it_lies_there() {
    let packed = gzip(rows(1_000).as_bytes());
    let (_folder, path) = file(&packed);
    let mut reader = Reader::new(vec![Source::file(&path)], options());
    assert!(matches!(reader.next(), Some(Ok(Record::Row(_)))));
    let progress = reader.progress();
    assert_eq!((progress.source, progress.size), (0, Some(packed.len() as u64)));
    assert!(progress.bytes > 0);
    let mut last = progress.bytes;
    while reader.next().is_some() {
        let progress = reader.progress();
        if progress.source == 0 {
            assert!((last..=packed.len() as u64).contains(&progress.bytes));
            last = progress.bytes;
        }
    }
    assert_eq!((last, reader.progress().source), (packed.len() as u64, 1));
}

#[test]
fn preparing_stops_when_it_is_told_to_and_can_be_asked_again() {
    let mut reader = Reader::new(vec![stream(rows(5_000))], options());
    let mut asked = 0;
    let done = reader.prepare(&mut |rows| {
        asked += 1;
        rows < 2_000
    });
    assert!(matches!(done, Ok(false)));
    assert_eq!(asked, 2);
    assert!(matches!(reader.prepare(&mut |_| true), Ok(true)));
    assert_eq!(reader.count(), 5_000);
}

#[test]
fn without_room_for_temporary_files_an_export_from_a_stream_ends_with_one_error() {
    let nowhere = || Options { scratch: "/nowhere".into(), ..options() };
    let all = read_all(vec![stream(rows(2)), stream(rows(2))], nowhere());
    assert!(all.items.is_empty());
    assert!(matches!(&all.errors[..], [Error::Scratch(_)]));
    let all = read_all(vec![stream(line(1))], nowhere());
    assert_eq!((all.items.len(), all.errors.len()), (1, 0), "JSON needs none");
}
