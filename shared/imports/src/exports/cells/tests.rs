use super::*;
use proptest::prelude::*;

#[test]
fn a_splitter_keeps_nothing_of_the_row_before() {
    let mut splitter = Splitter::default();
    for (row, cells) in
        [("a,\"b\"\"c\",", vec!["a", "b\"c", ""]), ("d", vec!["d"]), ("\"x\ny\",z\rz", vec!["x\ny", "z\rz"])]
    {
        splitter.split(row.as_bytes());
        assert_eq!(splitter.cells().map(|cell| std::str::from_utf8(cell).expect("UTF-8")).collect::<Vec<_>>(), cells);
    }
}

proptest! {
    #[test]
    fn any_number_of_cells_of_any_length_is_split(cells in prop::collection::vec("[a-c\",\n]{0,60}", 1..400)) {
        let row = cells.iter().map(|cell| crate::sample::cell(cell)).collect::<Vec<_>>().join(",");
        let mut splitter = Splitter::default();
        splitter.split(row.as_bytes());
        let found: Vec<_> = splitter.cells().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
        // A row with nothing in it is blank, and never comes here.
        if !row.is_empty() {
            prop_assert_eq!(found, cells);
        }
    }
}
