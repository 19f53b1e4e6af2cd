//! Finds words in a text whatever escapes they are written with: as they are, or each character in the way
//! of JSON (`\\/`, `\\u002f`), of URLs (`%2F`, `+`) or of HTML (`&amp;`, `&#47;`), also mixed.

/// Longest entity that is looked for.
const ENTITY_BYTES: usize = 16;

/// The text with each of the words replaced wherever it stands; where several begin, the longest.
pub(crate) fn without(text: &str, words: &[&str], replacement: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(next) = text[at..].chars().next() {
        if let Some(end) = words.iter().filter_map(|word| end(text, at, word)).max() {
            out.push_str(replacement);
            at = end;
        } else {
            out.push(next);
            at += next.len_utf8();
        }
    }
    out
}

/// Where the word ends that begins at `start`. What could be read in two ways is followed in both.
fn end(text: &str, start: usize, word: &str) -> Option<usize> {
    let first = word.chars().next()?;
    if !readings(&text[start..]).any(|(read, _)| read == first) {
        return None;
    }
    let mut places = vec![start];
    for wanted in word.chars() {
        let from = |at: usize| readings(&text[at..]).map(move |(read, length)| (read, at + length));
        let next = places.iter().flat_map(|at| from(*at)).filter(|(read, _)| *read == wanted);
        let mut next: Vec<usize> = next.map(|(_, at)| at).collect();
        next.sort_unstable();
        next.dedup();
        if next.is_empty() {
            return None;
        }
        places = next;
    }
    places.into_iter().max()
}

/// What the text can begin with, and how many bytes of it that is.
fn readings(text: &str) -> impl Iterator<Item = (char, usize)> + use<> {
    let plain = text.chars().next().map(|first| (first, first.len_utf8()));
    let escaped = match text.as_bytes().first() {
        Some(b'\\') => backslash(text),
        Some(b'%') => percent(text),
        Some(b'&') => entity(text),
        Some(b'+') => Some((' ', 1)),
        _ => None,
    };
    plain.into_iter().chain(escaped)
}

fn backslash(text: &str) -> Option<(char, usize)> {
    let behind = text.chars().nth(1)?;
    if behind != 'u' {
        return Some((behind, 1 + behind.len_utf8()));
    }
    let unit = |at: usize| u16::from_str_radix(text.get(at..at + 4)?, 16).ok();
    let first = unit(2)?;
    let second = if text.get(6..8) == Some("\\u") { unit(8) } else { None };
    match (char::from_u32(u32::from(first)), second) {
        (Some(read), _) => Some((read, 6)),
        (None, Some(second)) => Some((char::decode_utf16([first, second]).next()?.ok()?, 12)),
        (None, None) => None,
    }
}

/// One character of UTF-8 in percent-encoding.
fn percent(text: &str) -> Option<(char, usize)> {
    let byte = |at: usize| match text.as_bytes().get(at) {
        Some(b'%') => u8::from_str_radix(text.get(at + 1..at + 3)?, 16).ok(),
        _ => None,
    };
    let mut bytes = Vec::with_capacity(4);
    while let Some(next) = byte(3 * bytes.len()).filter(|_| bytes.len() < 4) {
        bytes.push(next);
        if let Ok(read) = str::from_utf8(&bytes) {
            return Some((read.chars().next()?, 3 * bytes.len()));
        }
    }
    None
}

fn entity(text: &str) -> Option<(char, usize)> {
    let (name, _) = text[1..text.floor_char_boundary(ENTITY_BYTES)].split_once(';')?;
    let read = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    };
    Some((read, name.len() + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(word: &str, text: &str, expected: &str) {
        assert_eq!(without(text, &[word], "_"), expected, "{word} in {text}");
    }

    #[test]
    fn a_word_is_found_in_every_spelling() {
        check("a/b", "a/b a\\/b a%2Fb a%2fb a&#47;b a&#x2f;b a\\u002Fb", "_ _ _ _ _ _ _");
        check("50% off", "50%25+off 50%%20off 50% off", "_ _ _");
        check("😀x", "\\ud83d\\ude00x %F0%9F%98%80x &#128512;x", "_ _ _");
        check("a&b", "a&b a&amp;b a\\u0026b", "_ _ _");
    }

    #[test]
    fn what_only_resembles_it_stays() {
        check(
            "a/b",
            "a/c a%2 a% a\\ a\\u00 a&#; a&#47 b a&#x110000;b %E2%82 é\\",
            "a/c a%2 a% a\\ a\\u00 a&#; a&#47 b a&#x110000;b %E2%82 é\\",
        );
        check("", "abc", "abc");
        check("\\u00e9", "é", "é");
    }

    #[test]
    fn the_longest_word_that_begins_is_taken_out_whole() {
        assert_eq!(without("abcdef abcd", &["abc", "abcdef"], "_"), "_ _d");
    }
}
