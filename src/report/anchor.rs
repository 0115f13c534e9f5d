//! An anchor in all its spellings.

use super::page::{Line, Page};
use super::safe;
use super::style::{Style, Tone};
use crate::model::anchor::Anchor;
use crate::model::digest::hex;
use serde::Serialize;

/// One anchor, spelled as each tool spells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AnchorView {
    /// As `objectGUID` is shown.
    pub guid: String,
    /// The 16 octets in LDAP's order, hexadecimal.
    pub octets: String,
    /// As `onPremisesImmutableId` and `sourceAnchor` are written: Base64.
    pub immutable_id: String,
    /// The LDAP filter that finds it as `objectGUID`.
    pub filter_object_guid: String,
    /// The LDAP filter that finds it as `mS-DS-ConsistencyGuid` (not indexed, not in the Global Catalog).
    pub filter_consistency_guid: String,
    /// The name in the Entra connector's space.
    pub connector_dn: String,
}

impl From<&Anchor> for AnchorView {
    fn from(anchor: &Anchor) -> Self {
        let value = anchor.to_filter_value();
        Self {
            guid: anchor.to_guid().to_string(),
            octets: hex(anchor.octets()),
            immutable_id: anchor.to_base64(),
            filter_object_guid: format!("(objectGUID={value})"),
            filter_consistency_guid: format!("(mS-DS-ConsistencyGuid={value})"),
            connector_dn: anchor.to_connector_dn(),
        }
    }
}

impl AnchorView {
    /// As a table, one spelling per line.
    pub fn to_text(&self, style: Style) -> String {
        let Self { guid, octets, immutable_id, filter_object_guid, filter_consistency_guid, connector_dn } = self;
        let mut page = Page::new(80);
        for (name, value) in [
            ("GUID", guid),
            ("octets", octets),
            ("ImmutableID", immutable_id),
            ("LDAP filter", filter_object_guid),
            ("", filter_consistency_guid),
            ("connector DN", connector_dn),
        ] {
            page.push(Line::at(0).put(Tone::Quiet, format_args!("{name:<13}")).plain(value));
        }
        page.to_text(style)
    }

    /// As JSON text.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        safe::json(self)
    }
}

#[cfg(test)]
#[expect(clippy::needless_raw_string_hashes, reason = "snapbox writes expected texts with hashes")]
mod tests {
    use super::*;
    use snapbox::IntoData as _;

    #[test]
    fn microsofts_vector_in_every_spelling() {
        let anchor = Anchor::from_base64("iGhmiAEBERG7uxI0VniQqw==").unwrap();
        let view = AnchorView::from(&anchor);
        snapbox::assert_data_eq!(
            view.to_text(Style::PLAIN),
            snapbox::str![[r#"
GUID         88666888-0101-1111-bbbb-1234567890ab
octets       8868668801011111bbbb1234567890ab
ImmutableID  iGhmiAEBERG7uxI0VniQqw==
LDAP filter  (objectGUID=\88\68\66\88\01\01\11\11\bb\bb\12\34\56\78\90\ab)
             (mS-DS-ConsistencyGuid=\88\68\66\88\01\01\11\11\bb\bb\12\34\56\78\90\ab)
connector DN CN={6947686d694145424552473775784930566e695171773d3d}

"#]]
            .raw()
        );
        assert_eq!(Anchor::from_connector_dn(&view.connector_dn).unwrap(), anchor);
        assert!(view.to_json().unwrap().contains(r#""guid": "88666888-0101-1111-bbbb-1234567890ab""#));
    }
}
