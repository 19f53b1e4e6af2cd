//! ARCHITECTURE.md names every crate and every queue.

use anyhow::Result;
use broker::Queue;
use std::path::Path;

fn read(name: &str) -> Result<String> {
    Ok(std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name))?)
}

#[test]
fn every_crate_is_on_the_page() -> Result<()> {
    let (page, manifest) = (read("ARCHITECTURE.md")?, read("Cargo.toml")?);
    let members: Vec<&str> = manifest
        .lines()
        .skip_while(|line| !line.starts_with("members"))
        .take_while(|line| !line.starts_with(']'))
        .filter_map(|line| line.trim().strip_prefix('"')?.strip_suffix("\",")?.rsplit('/').next())
        .collect();
    assert!(members.len() >= 13, "found only {members:?}");
    for member in members {
        assert!(page.contains(&format!("`{member}`")), "{member} is missing from ARCHITECTURE.md");
    }
    Ok(())
}

#[test]
fn every_queue_is_on_the_page() -> Result<()> {
    let page = read("ARCHITECTURE.md")?;
    for queue in Queue::all() {
        let name = queue.name();
        let family = match queue {
            Queue::Delay(lane, _) => format!("`delay.{}.*`", lane.name()),
            _ => format!("`{name}`"),
        };
        assert!(page.contains(&family), "{name} is missing from ARCHITECTURE.md");
    }
    Ok(())
}
