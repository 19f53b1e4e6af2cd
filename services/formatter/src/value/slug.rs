//! Names for custom fields.

use crate::view::CustomField;

/// Characters of a slug.
const LONGEST: usize = 40;

/// Lower case, every run of other than `a-z0-9` becomes `_`, trimmed, 40 characters at most.
pub(crate) fn slug(text: &str) -> String {
    let mut slug = String::with_capacity(text.len());
    for c in text.to_lowercase().chars() {
        if c.is_ascii_lowercase() || c.is_ascii_digit() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('_') {
            slug.push('_');
        }
    }
    slug.truncate(LONGEST);
    slug.truncate(slug.trim_end_matches('_').len());
    slug
}

/// Slug and answer of every custom field that has a label and an answer; labels with the same slug, or with the slug
/// of a field that is `taken` by another value, get `_2`, `_3`.
pub(crate) fn answers<'a>(fields: &'a [CustomField<'_>], taken: &[&str]) -> Vec<(String, &'a str)> {
    let mut found: Vec<(String, &str)> = Vec::with_capacity(fields.len());
    for field in fields {
        let (Some(label), Some(answer)) = (field.label.get(), field.answer.get()) else { continue };
        let base = slug(label);
        if base.is_empty() {
            continue;
        }
        let mut name = base.clone();
        let mut next = 2_u32;
        while taken.contains(&name.as_str()) || found.iter().any(|(known, _)| *known == name) {
            name = format!("{base}_{next}");
            next += 1;
        }
        found.push((name, answer));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_lower_case_words() {
        assert_eq!(slug("How did you hear of us?"), "how_did_you_hear_of_us");
        assert_eq!(slug("  ¿Qué?  "), "qu");
        assert_eq!(slug("???"), "");
        assert_eq!(slug(&"abc ".repeat(30)), "abc_abc_abc_abc_abc_abc_abc_abc_abc_abc");
    }

    #[test]
    fn the_same_slug_is_numbered() {
        let fields: Vec<CustomField<'_>> = serde_json::from_str(
            r#"[{"label":"A b","answer":"1"},{"label":"a-B","answer":"2"},{"label":"a_b","answer":"3"},{"label":"c","answer":null},{"label":"?","answer":"x"}]"#,
        )
        .expect("fields");
        let expected = |names: [&str; 3]| names.map(str::to_owned).into_iter().zip(["1", "2", "3"]).collect::<Vec<_>>();
        assert_eq!(answers(&fields, &[]), expected(["a_b", "a_b_2", "a_b_3"]));
        assert_eq!(answers(&fields, &["a_b", "c"]), expected(["a_b_2", "a_b_3", "a_b_4"]));
    }
}
