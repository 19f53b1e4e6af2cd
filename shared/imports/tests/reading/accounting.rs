//! Whatever the bytes are: nothing panics, and every row is either given or told.

use crate::support::{options, read, read_all, stream};
use imports::Source;
use imports::sample::{CANCELLED_HEADER, HEADER};
use proptest::prelude::*;
use std::io::Read;

/// Gives one to seven bytes at a time.
struct Dribble<R>(R, usize);

impl<R: Read> Read for Dribble<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.1 = self.1 % 7 + 1;
        let length = self.1.min(buffer.len());
        self.0.read(&mut buffer[..length])
    }
}

const SMALL: &str = "Receipt ID,Date,Amount,Lineitem ID,Recipient ID,Donor City";

fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("AB300000118".to_owned()),
        Just("2026-05-11".to_owned()),
        "[0-9.$,t-]{0,6}",
        "[a\",\r\n ]{0,8}",
        "\\PC{0,12}",
    ]
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(
        head in prop::sample::select(vec![
            Vec::new(),
            b"{".to_vec(),
            format!("{HEADER}\n").into_bytes(),
            format!("{CANCELLED_HEADER}\r\n").into_bytes(),
            format!("{SMALL}\n").into_bytes(),
            vec![0x1f, 0x8b],
            vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3],
            vec![0x28, 0xb5, 0x2f, 0xfd],
            vec![0xef, 0xbb, 0xbf],
        ]),
        tail: Vec<u8>,
    ) {
        let bytes = [head, tail].concat();
        let all = read(&bytes);
        let slow = read_all(vec![Source::stream("slow", Dribble(std::io::Cursor::new(bytes), 0))], options());
        prop_assert_eq!(all.items.len(), slow.items.len());
        prop_assert_eq!(all.codes(), slow.codes());
        prop_assert!(all.errors.len() <= 1);
    }

    #[test]
    fn every_line_of_json_is_given_or_told(lines in prop::collection::vec("[{}\\[\\]\":,a0 ]{0,20}", 0..30)) {
        let bytes = format!("{{}}\n{}", lines.join("\n"));
        let expected: Vec<u64> =
            (1_u64..).zip(bytes.split('\n')).filter(|(_, line)| !line.trim().is_empty()).map(|(n, _)| n).collect();
        let all = read(&bytes);
        let mut found: Vec<u64> = all.bad.iter().map(|bad| bad.place.line).chain(all.good_lines).collect();
        found.sort_unstable();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn every_row_that_the_csv_crate_writes_is_given_or_told(
        rows in prop::collection::vec(prop::collection::vec(cell(), 6..7), 0..20),
        always: bool,
        crlf: bool,
    ) {
        let style = if always { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary };
        let end = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let mut out = csv::WriterBuilder::new().quote_style(style).terminator(end).from_writer(Vec::new());
        out.write_record(SMALL.split(',')).expect("memory");
        for row in &rows {
            out.write_record(row).expect("memory");
        }
        let all = read(out.into_inner().expect("memory"));
        prop_assert_eq!(all.good_lines.len() + all.bad.len(), rows.len());
        prop_assert!(all.errors.is_empty());
        prop_assert!(all.bad.iter().all(|bad| bad.reasons.iter().all(|reason| reason.code.name() != "bad_row")));
    }

    #[test]
    fn a_good_row_keeps_its_text_whatever_it_is(city in "\\PC{0,20}|[a\",\r\n\t]{1,9}", crlf: bool) {
        let end = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let mut out = csv::WriterBuilder::new().terminator(end).from_writer(Vec::new());
        out.write_record(SMALL.split(',')).expect("memory");
        out.write_record(["AB1", "2026-05-11", "1.00", "2", "3", &city]).expect("memory");
        let all = read(out.into_inner().expect("memory"));
        let found = all.bodies()[0]["donor"]["city"].as_str().unwrap_or("").to_owned();
        prop_assert_eq!(found, if city.trim_ascii().is_empty() { "" } else { &city });
    }

    #[test]
    fn an_open_quote_takes_no_neighbour_along(before in 0_usize..4, behind in 0_usize..4, at in 0_usize..6) {
        let good = "AB1,2026-05-11,1.00,2,3,\"a, \"\"b\"\"\r\nc\"";
        let mut broken: Vec<_> = "AB1,2026-05-11,1.00,2,3,x".split(',').map(ToOwned::to_owned).collect();
        broken[at].insert(0, '"');
        let rows = [vec![good.to_owned(); before], vec![broken.join(",")], vec![good.to_owned(); behind]].concat();
        let all = read(format!("{SMALL}\r\n{}", rows.join("\r\n")));
        prop_assert_eq!(all.good_lines.len(), before + behind);
        prop_assert_eq!(all.codes(), [(2 + 2 * before as u64, "bad_row")]);
    }
}

#[test]
fn a_file_of_two_shapes_of_bad_bytes_is_read_to_its_end() {
    let rows = [
        &b"AB1,2026-05-11,1.00,2,3,\xc3\r\n"[..],
        b"AB1,2026-05-11,1.00,2,\xc3,\xa9\r\n",
        b"AB1,2026-05-11,1.00,2,3,ok\r\n",
        b"AB1,2026-05-11,1.00,2,3,ok,more\r\n",
        b"AB1,2026-05-11,1.00,2,3,\"ok\"more\r\n",
        b"AB1,2026-05-11,1.00,2,3,o\0k\r\n",
    ];
    let all = read_all(vec![stream([SMALL.as_bytes(), b"\r\n", &rows.concat()].concat())], options());
    assert_eq!(all.good_lines, [4, 7]);
    assert_eq!(all.codes(), [(2, "bad_value"), (3, "bad_value"), (5, "bad_row"), (6, "bad_row")]);
    let columns: Vec<_> = all.bad.iter().map(|bad| bad.place.column.as_deref()).collect();
    assert_eq!(columns, [Some("Donor City"), Some("Recipient ID"), None, None]);
}
