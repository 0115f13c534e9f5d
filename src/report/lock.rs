//! How a lock stands, and what became of one.

use super::page::{Line, Page};
use super::safe;
use super::style::{Style, Tone};
use crate::model::holder::Holder;
use serde::Serialize;

/// The version of the JSON forms' shape.
pub const LOCK_VERSION: u32 = 1;

/// A lock, for showing.
#[derive(Debug, Serialize)]
pub struct LockView<'a> {
    /// [`LOCK_VERSION`].
    pub format_version: u32,
    /// Always `lock`.
    pub kind: &'static str,
    /// How it stands.
    pub stand: LockStand,
    /// Who holds it, or held it last; absent where nobody says.
    pub holder: Option<&'a Holder>,
}

/// How a lock stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LockStand {
    /// Nobody holds it.
    Free,
    /// Nobody holds it; its last holder ended without giving it back.
    LeftOver,
    /// Somebody holds it.
    Held,
    /// It was held by a computer that a person says is dead, and was put aside.
    PutAside,
}

impl<'a> LockView<'a> {
    /// The view of a lock.
    pub const fn new(stand: LockStand, holder: Option<&'a Holder>) -> Self {
        Self { format_version: LOCK_VERSION, kind: "lock", stand, holder }
    }

    /// As text. `flags` is what the person must give again with the next command, such as ` --lab`.
    pub fn to_text(&self, flags: &str, style: Style, width: usize) -> String {
        let mut page = Page::new(width);
        let (tone, title) = match self.stand {
            LockStand::Free => (Tone::Good, "Nobody holds the lock."),
            LockStand::LeftOver => (Tone::Good, "Nobody holds the lock. Its last holder ended without giving it back:"),
            LockStand::Held => (Tone::Warn, "The lock is held:"),
            LockStand::PutAside => (Tone::Warn, "The lock was put aside, and a new one can be taken. It was held by:"),
        };
        page.push(Line::at(0).put(tone, title));
        match self.holder {
            Some(holder) => lines(&mut page, holder),
            None if self.stand == LockStand::Held => page.push(Line::at(2).plain("its holder does not say who it is")),
            None => {}
        }
        match (self.stand, self.holder) {
            (LockStand::LeftOver, Some(holder)) => page.sentence(
                0,
                "",
                Tone::Plain,
                &format!(
                    "That stands in nobody's way. `matchplan{flags} status` says what it left unfinished; `matchplan{flags} \
                     lock release {}` forgets it.",
                    holder.id
                ),
            ),
            (LockStand::PutAside, _) => {
                page.sentence(0, "", Tone::Plain, &format!("`matchplan{flags} status` says what it left unfinished."));
            }
            _ => {}
        }
        page.to_text(style)
    }

    /// As JSON text.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        safe::json(self)
    }
}

fn lines(page: &mut Page, holder: &Holder) {
    let Holder { id, pid, host, user, command, started } = holder;
    let rows = [
        ("command", format!("matchplan {command}")),
        ("user", user.clone()),
        ("host", host.clone()),
        ("process", pid.to_string()),
        ("since", started.to_string()),
        ("lock", id.to_string()),
    ];
    for (label, value) in rows {
        page.push(Line::labelled(2, label).plain(value));
    }
}

#[cfg(test)]
#[expect(clippy::needless_raw_string_hashes, reason = "snapbox writes expected texts with hashes")]
mod tests {
    use super::*;
    use crate::model::id::LockId;
    use snapbox::IntoData as _;
    use uuid::Uuid;

    fn holder() -> Holder {
        Holder {
            id: LockId(Uuid::from_u128(7)),
            pid: 4711,
            host: "admin-pc".to_owned(),
            user: "olga".to_owned(),
            command: "apply".to_owned(),
            started: "2026-11-20T10:30:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn a_left_over_lock_is_no_obstacle() {
        let holder = holder();
        let view = LockView::new(LockStand::LeftOver, Some(&holder));
        snapbox::assert_data_eq!(
            view.to_text(" --lab", Style::PLAIN, 100),
            snapbox::str![[r#"
Nobody holds the lock. Its last holder ended without giving it back:
  command    matchplan apply
  user       olga
  host       admin-pc
  process    4711
  since      2026-11-20T10:30:00Z
  lock       00000000-0000-0000-0000-000000000007
That stands in nobody's way. `matchplan --lab status` says what it left unfinished;
`matchplan --lab lock release 00000000-0000-0000-0000-000000000007` forgets it.

"#]]
            .raw()
        );
        let json: serde_json::Value = serde_json::from_str(&view.to_json().unwrap()).unwrap();
        assert_eq!((&json["stand"], &json["holder"]["pid"]), (&"left-over".into(), &4711.into()));
    }

    #[test]
    fn a_silent_holder_is_a_holder() {
        let text = LockView::new(LockStand::Held, None).to_text("", Style::PLAIN, 80);
        assert_eq!(text, "The lock is held:\n  its holder does not say who it is\n");
    }
}
