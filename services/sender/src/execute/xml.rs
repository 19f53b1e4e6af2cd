//! Elements of an XML answer. Entities other than the predefined ones are not expanded, and an answer is at most
//! 64 KiB, so a hostile document costs no more than its length.

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

/// The elements of a document in the order in which they begin.
#[derive(Debug, Default)]
pub(crate) struct Document(Vec<Element>);

/// An element without what is inside it but its own text.
#[derive(Debug, Default)]
pub(crate) struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
}

impl Document {
    /// Reads a document; none when it is not whole or not well-formed.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut reader = Reader::from_str(text);
        let mut document = Self::default();
        let mut open = Vec::new();
        loop {
            match reader.read_event().ok()? {
                Event::Start(start) => {
                    open.push(document.0.len());
                    document.0.push(Element::read(&start)?);
                }
                Event::Empty(start) => document.0.push(Element::read(&start)?),
                Event::End(_) => drop(open.pop()?),
                Event::Text(text) => document.add(open.last(), &text.xml10_content()),
                Event::CData(text) => document.add(open.last(), &text.xml10_content()),
                Event::GeneralRef(reference) => {
                    let read = reference.resolve_char_ref().ok()?.map(String::from);
                    let known = || quick_xml::escape::resolve_xml_entity(&reference.xml10_content()).map(str::to_owned);
                    document.add(open.last(), &read.or_else(known)?);
                }
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
                Event::Eof => return (open.is_empty() && !document.0.is_empty()).then_some(document),
            }
        }
    }

    /// The elements with this name and these attributes.
    pub(crate) fn elements<'a>(
        &'a self,
        name: &'a str,
        attributes: &'a [(String, String)],
    ) -> impl Iterator<Item = &'a Element> {
        self.0.iter().filter(move |element| {
            element.name == name
                && attributes.iter().all(|(name, value)| element.attribute(name) == Some(value.as_str()))
        })
    }

    fn add(&mut self, to: Option<&usize>, text: &str) {
        if let Some(element) = to.and_then(|index| self.0.get_mut(*index)) {
            element.text.push_str(text);
        }
    }
}

impl Element {
    fn read(start: &BytesStart<'_>) -> Option<Self> {
        let mut attributes = Vec::new();
        for attribute in start.attributes() {
            let attribute = attribute.ok()?;
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?.into_owned();
            attributes.push((attribute.key.as_ref().to_owned(), value));
        }
        Some(Self { name: start.name().as_ref().to_owned(), attributes, text: String::new() })
    }

    /// The value of an attribute.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Its own text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = r#"<?xml version="1.0"?>
<data organization_KEY="50123">
  <success object="supporter" key="30442187">Modified entry 30442187</success>
  <success object='donation' key="11&#55;&amp;13849">Added &lt;entry&gt; 11713849</success>
  <empty a="b"/>
</data>"#;

    #[test]
    fn elements_are_found_by_name_and_attributes() {
        let document = Document::read(ANSWER).expect("well-formed");
        let donation = [("object".to_owned(), "donation".to_owned())];
        let found: Vec<_> = document.elements("success", &donation).collect();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].attribute("key"), found[0].text()), (Some("117&13849"), "Added <entry> 11713849"));
        assert_eq!(document.elements("success", &[]).count(), 2);
        assert_eq!(document.elements("empty", &[("a".to_owned(), "b".to_owned())]).count(), 1);
        assert_eq!(document.elements("error", &[]).count(), 0);
    }

    #[test]
    fn what_is_not_whole_is_no_document() {
        for end in 1..ANSWER.len() {
            assert!(Document::read(&ANSWER[..end]).is_none(), "{end}");
        }
        for bad in ["", "OK", "<a></b>", "<a b></a>", "{\"a\":1}", "<a>&unknown;</a>", "<a b='&x;'/>", "</a>"] {
            assert!(Document::read(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn entities_of_the_document_are_not_expanded() {
        let bomb = r#"<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>"#;
        assert!(Document::read(bomb).is_none());
    }
}
