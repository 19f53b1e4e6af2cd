use super::*;
use crate::sample::{CANCELLED_HEADER, HEADER};

fn read(header: &str) -> Result<Header, Error> {
    Header::read(header.as_bytes(), &"gifts.csv".into())
}

#[test]
fn every_column_that_is_read_is_in_one_of_the_headers() {
    let headers = [read(HEADER).expect("a header"), read(CANCELLED_HEADER).expect("a header")];
    assert_eq!(
        headers.each_ref().map(|header| (header.export, header.cells)),
        [(Export::Payments, 101), (Export::Cancelled, 49)]
    );
    for column in Column::ALL {
        assert!(headers.iter().any(|header| header.place(*column).is_some()), "{column:?}");
    }
    let place = |header: &Header, column, number: usize| assert_eq!(header.place(column), Some(number - 1));
    place(&headers[0], Column::ReferenceCode2, 9);
    place(&headers[0], Column::LineitemId, 44);
    place(&headers[1], Column::ManagedEntityName, 47);
}

#[test]
fn names_are_compared_without_regard_to_case_and_outer_spaces() {
    let header = read("receipt id,\" CANCELLED ON \",donor zip").expect("a header");
    assert_eq!(header.place(Column::DonorZip), Some(2));
    assert_eq!(header.export, Export::Cancelled);
    assert_eq!(header.name(1), "CANCELLED ON");
}

#[test]
fn both_spellings_of_a_column_are_that_column_twice() {
    let twice = read(&format!("{CANCELLED_HEADER},Managed Entity Name"));
    assert!(matches!(twice, Err(Error::Twice { column, .. }) if column == "Managed Entity Name"));
}

#[test]
fn the_first_row_of_a_file_without_a_header_is_not_quoted() {
    let error = read("AB1,Marisol,Marisol,secret@example.org").expect_err("no header").to_string();
    assert!(!error.contains("Marisol") && !error.contains("secret"), "{error}");
}
