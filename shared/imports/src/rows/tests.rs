use super::*;
use proptest::prelude::*;

/// Rows, their lines and their faults.
type Cuts = Vec<(u64, Vec<u8>, Option<Fault>)>;

fn cut(bytes: &[u8], cut: Cut) -> Cuts {
    let mut rows = Rows::new(Box::new(io::Cursor::new(bytes.to_vec())));
    let mut found = Vec::new();
    while let Some(row) = rows.next(cut).expect("memory") {
        found.push((row.line, row.bytes.to_vec(), row.fault));
    }
    found
}

#[track_caller]
fn check(text: &str, expected: &[(u64, &str, Option<Fault>)]) {
    let expected: Cuts = expected.iter().map(|(line, row, fault)| (*line, row.as_bytes().to_vec(), *fault)).collect();
    assert_eq!(cut(text.as_bytes(), Cut::Csv), expected, "{text:?}");
}

#[test]
fn a_row_ends_at_a_line_end_outside_quotes() {
    check("a,b\r\nc,d\n\ne", &[(1, "a,b", None), (2, "c,d", None), (4, "e", None)]);
    check("\"a\nb\",c\r\nd", &[(1, "\"a\nb\",c", None), (3, "d", None)]);
    check("\"a\"\"\n\"\"\"\nb\r", &[(1, "\"a\"\"\n\"\"\"", None), (3, "b", None)]);
    check("a\"\nb", &[(1, "a\"", None), (2, "b", None)]);
    check("\"a\"\r", &[(1, "\"a\"", None)]);
    check("a\rb\n", &[(1, "a\rb", None)]);
}

#[test]
fn unsound_quoting_costs_its_first_line() {
    let broken = Some(Fault::Quote);
    check("\"a\nb,\"c\"\nd", &[(1, "\"a", broken), (2, "b,\"c\"", None), (3, "d", None)]);
    check("a,\"b\"c\nd", &[(1, "a,\"b\"c", broken), (2, "d", None)]);
    check("a\n\"b", &[(1, "a", None), (2, "\"b", broken)]);
    check("\"a\"\rb\nc", &[(1, "\"a\"\rb", broken), (2, "c", None)]);
}

#[test]
fn a_quoted_cell_over_the_limit_costs_its_first_line() {
    let text = format!("\"a\n{}\nb", "x".repeat(2 * IMPORT_ROW_BYTES));
    let found = cut(text.as_bytes(), Cut::Csv);
    let lines: Vec<_> = found.iter().map(|(line, row, fault)| (*line, row.len(), *fault)).collect();
    assert_eq!(lines, [(1, 2, Some(Fault::Quote)), (2, IMPORT_ROW_SHOWN_BYTES, Some(Fault::TooLong)), (3, 1, None)]);
}

proptest! {
    #[test]
    fn sound_rows_are_cut_as_the_csv_crate_cuts_them(
        rows in prop::collection::vec(prop::collection::vec("[a\",\r\n ]{0,6}", 2..4), 0..9),
    ) {
        let mut out = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
        for row in &rows {
            out.write_record(row).expect("memory");
        }
        let found = cut(&out.into_inner().expect("memory"), Cut::Csv);
        prop_assert_eq!(found.len(), rows.len());
        for ((_, bytes, fault), row) in found.iter().zip(&rows) {
            prop_assert_eq!(*fault, None);
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes.as_slice());
            let cells: Vec<_> = reader.records().next().expect("a row").expect("sound").iter().map(String::from).collect();
            prop_assert_eq!(&cells, row);
        }
    }

    #[test]
    fn nothing_but_line_ends_and_blanks_is_lost(text in "[a\",\r\n ]{0,40}") {
        for by in [Cut::Csv, Cut::Lines] {
            let dense = |bytes: &[u8]| bytes.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect::<Vec<u8>>();
            let found: Vec<u8> = cut(text.as_bytes(), by).iter().flat_map(|(_, row, _)| dense(row)).collect();
            prop_assert_eq!(found, dense(text.as_bytes()));
        }
    }
}
