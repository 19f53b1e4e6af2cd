//! A plan as its golden file shows it.

use contract::plan::{Body, Part, Plan};
use std::fmt::Write as _;

/// The plan as compact JSON, with its bodies as they are sent.
pub(crate) fn shown(plan: &Plan) -> String {
    let mut plan = plan.clone();
    let mut bodies = Vec::new();
    for (at, step) in plan.steps.iter_mut().enumerate() {
        let (name, body) = match &step.body {
            Body::None | Body::Event => continue,
            Body::Json(text) => ("json", json(text)),
            Body::JsonAsForm(text) => ("json_as_form", json(text)),
            Body::Form(pairs) => ("form", serde_json::to_string(&form(pairs)).expect("text")),
        };
        step.body = Body::Json(Part::text(format!("body {at}")));
        let mark = serde_json::to_string(&step.body).expect("a body");
        bodies.push((mark, format!("{{\"{name}\":{body}}}")));
    }
    let plan = serde_json::to_string(&plan).expect("a plan");
    bodies.into_iter().fold(plan, |plan, (mark, body)| plan.replacen(&mark, &body, 1))
}

/// A JSON body.
pub(crate) fn json(text: &[Part]) -> String {
    let shown = text.iter().map(|part| match part {
        Part::Text(text) => text.clone(),
        Part::Ref(reference) => format!("{{\"$ref\":{}}}", quoted(&reference.to_string())),
        Part::Maybe(before, reference, after) => {
            format!("{before}{{\"$maybe\":{}}}{after}", quoted(&reference.to_string()))
        }
    });
    shown.collect()
}

fn form(pairs: &[(String, Vec<Part>)]) -> String {
    let shown = pairs.iter().map(|(name, text)| {
        let value = text.iter().map(|part| match part {
            Part::Text(text) => percent_encoded(text),
            Part::Ref(reference) => format!("<{reference}>"),
            Part::Maybe(before, reference, after) => format!("<{before}{reference}{after}>"),
        });
        format!("{}={}", percent_encoded(name), value.collect::<String>())
    });
    shown.collect::<Vec<_>>().join("&")
}

fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => write!(out, "%{byte:02X}").expect("text"),
        }
        out
    })
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("text")
}

/// JSON without white space; numbers and the order of keys stay as they are.
pub(crate) fn compact(json: &str) -> String {
    serde_json::from_str::<serde::de::IgnoredAny>(json).expect("JSON");
    let (mut inside, mut escaped) = (false, false);
    let kept = json.chars().filter(|c| {
        let quote = *c == '"' && !escaped;
        escaped = inside && *c == '\\' && !escaped;
        inside ^= quote;
        inside || !c.is_ascii_whitespace()
    });
    kept.collect()
}

/// Where two compact texts differ, with what stands before.
pub(crate) fn differences(golden: &str, made: &str) -> String {
    let (golden, made) = (lines(golden), lines(made));
    let same = golden.iter().zip(&made).take_while(|(golden, made)| golden == made).count();
    let rest = |lines: &[String], sign: char| {
        lines.iter().skip(same).take(12).fold(String::new(), |out, line| format!("{out}{sign} {line}\n"))
    };
    let before =
        golden[same.saturating_sub(6)..same].iter().fold(String::new(), |out, line| format!("{out}  {line}\n"));
    format!("{before}{}{}", rest(&golden, '-'), rest(&made, '+'))
}

/// One member or element a line.
fn lines(json: &str) -> Vec<String> {
    let (mut lines, mut inside, mut escaped) = (vec![String::new()], false, false);
    for c in json.chars() {
        let quote = c == '"' && !escaped;
        escaped = inside && c == '\\' && !escaped;
        inside ^= quote;
        if let Some(line) = lines.last_mut() {
            line.push(c);
        }
        if !inside && matches!(c, ',' | '{' | '[') {
            lines.push(String::new());
        }
    }
    lines
}
