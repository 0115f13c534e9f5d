//! The tenant's directory synchronization: every switch, how it stands, and what it means for matching.

use super::page::{Line, Mark, Page};
use super::safe;
use super::style::{Style, Tone};
use crate::model::cloud::SyncFeature;
use crate::model::id::TenantId;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// The version of the JSON form's shape.
pub const TENANT_VERSION: u32 = 1;

/// What there is to show.
#[derive(Debug, Serialize)]
pub struct TenantView {
    /// [`TENANT_VERSION`].
    pub format_version: u32,
    /// Always `tenant`.
    pub kind: &'static str,
    /// The tenant.
    pub id: TenantId,
    /// Its name.
    pub name: String,
    /// Whether directory synchronization is on.
    pub sync_enabled: bool,
    /// When it last synced.
    pub last_sync: Option<Timestamp>,
    /// How many deletions one cycle may export, if that is limited by a number.
    pub deletion_threshold: Option<u32>,
    /// Every switch that the tenant shows.
    pub features: BTreeMap<SyncFeature, bool>,
    /// Switches that an apply of this ledger opened and that are not closed again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub open_window: Vec<SyncFeature>,
}

impl TenantView {
    /// As text. `flags` as in [`super::outcome::render`].
    pub fn to_text(&self, flags: &str, style: Style, width: usize) -> String {
        let mut page = Page::new(width);
        super::status_window::window_line(&mut page, &self.open_window, flags);
        page.push(Line::at(0).put(Tone::Strong, &self.name).plain(format_args!(" (tenant {})", self.id)));
        let synced = match (self.sync_enabled, self.last_sync) {
            (false, _) => "off".to_owned(),
            (true, None) => "on, never synced".to_owned(),
            (true, Some(at)) => format!("on, last sync {at}"),
        };
        page.push(Line::labelled(2, "sync").plain(synced));
        let deletions = self.deletion_threshold.map_or_else(
            || "not limited by a number that could be read".to_owned(),
            |most| format!("a cycle that would delete more than {most} objects exports nothing"),
        );
        page.push(Line::labelled(2, "deletions").plain(deletions));
        page.gap();
        let widest = self.features.keys().map(|feature| feature.name().len()).max().unwrap_or_default();
        for (feature, on) in &self.features {
            let (mark, tone, note) = judged(*feature, *on);
            let line =
                Line::at(2).mark(mark).plain(feature).to_column(4 + widest).plain(if *on { "  on " } else { "  off" });
            page.push(if note.is_empty() { line } else { line.plain("  ").put(tone, note) });
        }
        page.gap();
        let how = "A switch is changed like everything else: write it under [tenant] in a match plan, such as \
                   `blockSoftMatchEnabled = true`, then plan, review and apply. [window] opens the two that block matches for \
                   exactly one apply.";
        page.sentence(0, "", Tone::Quiet, how);
        page.to_text(style)
    }

    /// As JSON text, with a line feed at its end.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        safe::json(self)
    }
}

/// What there is to say of a switch. Source: Microsoft, "Configure Microsoft Entra Connect for an existing tenant" and
/// "Microsoft Entra Connect Sync service features".
const fn judged(feature: SyncFeature, on: bool) -> (Mark, Tone, &'static str) {
    use SyncFeature as F;
    match (feature, on) {
        (F::BlockSoftMatch, false) => {
            (Mark::Change, Tone::Warn, "soft matches are let through; Microsoft advises on but for a matching project")
        }
        (F::BlockCloudObjectTakeoverThroughHardMatch, false) => {
            (Mark::Change, Tone::Warn, "hard matches are let through; Microsoft advises on but for a matching project")
        }
        (F::BlockSoftMatch, true) => (Mark::None, Tone::Plain, "soft matches are refused (InvalidSoftMatch)"),
        (F::BlockCloudObjectTakeoverThroughHardMatch, true) => {
            (Mark::None, Tone::Plain, "hard matches are refused (InvalidHardMatch)")
        }
        (F::AllowOnPremUpdateOfOnPremisesObjectIdentifier, true) => {
            (Mark::Alarm, Tone::Alarm, "remapping is let through: meant for the time of a repair only")
        }
        (F::PasswordSync, true) => (Mark::None, Tone::Plain, "a takeover replaces the cloud password"),
        (F::SoftMatchOnUpn, false) => {
            (Mark::None, Tone::Plain, "users are matched by primary address only; permanent once on")
        }
        (F::SynchronizeUpnForManagedUsers, false) => {
            (Mark::None, Tone::Plain, "licensed users keep their sign-in names; permanent once on")
        }
        (_, true) if feature.is_permanent() => (Mark::None, Tone::Quiet, "permanent"),
        _ => (Mark::None, Tone::Plain, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(features: &[(SyncFeature, bool)]) -> TenantView {
        TenantView {
            format_version: TENANT_VERSION,
            kind: "tenant",
            id: "00000000-0000-0000-0000-0000007e0001".parse().unwrap(),
            name: "Contoso\u{1b}[31m".to_owned(),
            sync_enabled: true,
            last_sync: None,
            deletion_threshold: Some(500),
            features: features.iter().copied().collect(),
            open_window: Vec::new(),
        }
    }

    #[test]
    fn what_lets_matches_through_stands_out() {
        let text = view(&[(SyncFeature::BlockSoftMatch, false), (SyncFeature::DeviceWriteback, false)]).to_text(
            "",
            Style::PLAIN,
            200,
        );
        assert!(text.contains("~ blockSoftMatchEnabled") && text.contains("Microsoft advises"), "{text}");
        assert!(text.contains("deviceWritebackEnabled    off\n") && text.contains("more than 500"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }

    #[test]
    fn an_open_window_comes_first() {
        let view = TenantView { open_window: vec![SyncFeature::BlockSoftMatch], ..view(&[]) };
        assert!(view.to_text(" --lab", Style::PLAIN, 200).starts_with("! the match window stands open"));
        assert!(view.to_json().unwrap().contains("\"open_window\""));
    }
}
