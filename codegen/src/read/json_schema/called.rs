//! What schemas are called: by a definition, by a title, or by what they stand for. Makes no identifiers.

use super::facts::{Leaf, Reader};
use super::keywords::SUBSTANCE;
use super::store::Site;

/// The most references that are followed for a name.
const MAX_STEPS: usize = 20;

impl Reader<'_, '_> {
    /// The name of the definition that a schema is or stands for; or a title on the way there, where titles count.
    pub fn called(&mut self, mut site: Site, titles: bool) -> Option<String> {
        // References may go round.
        for _ in 0..MAX_STEPS {
            if let Some(name) = self.store.name(site) {
                return Some(name);
            }
            if let Some(title) = self.title(site).filter(|_| titles) {
                return Some(title);
            }
            site = self.stands_for(site)?;
        }
        None
    }

    /// Returns the name of the branch from which a leaf comes.
    pub fn branch_called(&mut self, leaf: &Leaf) -> Option<String> {
        let branch = *self.branches.get(leaf)?;
        self.called(branch, true)
    }

    /// A title that can be a name.
    pub fn title(&self, site: Site) -> Option<String> {
        let title = self.store.text(site, "title");
        title
            .filter(|title| title.len() <= 40 && title.is_ascii() && !title.trim().is_empty())
            .map(str::to_owned)
    }

    /// The one schema that another one refers to, `null` aside, and says nothing more about.
    fn stands_for(&mut self, site: Site) -> Option<Site> {
        if let Some(reference) = self.store.get(site, "$ref") {
            return self.target(site, "$ref", reference);
        }
        let members = self.store.members(site);
        let mut said = members
            .iter()
            .filter(|(key, _)| key == "allOf" || SUBSTANCE.contains(&key.as_str()));
        let (Some((key, list)), None) = (said.next(), said.next()) else {
            return None;
        };
        let mut parts = match key.as_str() {
            "allOf" | "oneOf" | "anyOf" => self.store.items(*list),
            _ => return None,
        };
        parts.retain(|part| self.store.text(*part, "type") != Some("null"));
        match parts.as_slice() {
            [only] => Some(*only),
            _ => None,
        }
    }
}
