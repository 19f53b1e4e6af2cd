//! `tributary entity`

use super::path;
use crate::client::Client;
use crate::failure::Failure;
use crate::output::Output;
use clap::{Args, Subcommand};
use dashboard::views::{EntityView, NewEntity};
use reqwest::Method;
use runtime::exit::Exit;

/// `tributary entity`
#[derive(Debug, Subcommand)]
pub enum Entity {
    /// Add an entity, or replace everything that is known of it
    Set(Set),
    /// Show what is known of an entity
    Show {
        /// The entity's number
        #[arg(value_name = "NUMBER")]
        id: u64,
    },
}

/// `tributary entity set`
#[derive(Debug, Args)]
pub struct Set {
    /// The entity's number
    #[arg(value_name = "NUMBER")]
    id: u64,
    #[arg(long, help = "Its name, as form.managingEntityName writes it: by it, forms say who manages them")]
    name: String,
    /// The name of its committee; without it, none is kept
    #[arg(long, value_name = "NAME")]
    committee_name: Option<String>,
}

pub(crate) async fn run(entity: Entity, client: &Client, output: &Output) -> Result<Exit, Failure> {
    let entity: EntityView = match entity {
        Entity::Set(Set { id, name, committee_name }) => {
            client.send(Method::PUT, &place(id)?, Some(&NewEntity { name, committee_name })).await?
        }
        Entity::Show { id } => client.get(&place(id)?, &()).await?,
    };
    output.answer(&entity, whole)?;
    Ok(Exit::Success)
}

fn place(id: u64) -> Result<String, Failure> {
    path("entities", &id.to_string(), "")
}

fn whole(entity: &EntityView) -> String {
    let committee = entity.committee_name.as_ref().map(|name| ("committee name", name.clone()));
    let lines = [("id", entity.id.to_string()), ("name", entity.name.clone())].into_iter().chain(committee);
    let lines: Vec<_> = lines.map(|(name, value)| format!("{name:<15} {value}")).collect();
    lines.join("\n")
}
