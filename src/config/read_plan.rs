//! Reads one file of `plans/` into links.

use super::matchplan::{
    AddressChoice, AnchorChoice, DuplicateChoice, FederatedChoice, LinkSpec, MatchChoice, Origin, PrimaryChoice,
    RolesChoice, UpnChoice, ad_user, guid,
};
use super::read_holder::{self, ReadHolder};
use super::read_settings::cloud_user;
use super::read_tasks::{self, ReadTasks, allowed};
use super::table::{At, Node, Sink, Table, dn, list_of, parsed, report_word, table, tables, text, word};
use crate::diagnostic::{Diagnostic, SourceId};
use crate::model::address::{AddressKind, AddressSet, ProxyAddress};
use crate::model::anchor::Anchor;
use crate::model::dn::Dn;
use crate::model::entra::HolderKind;
use crate::model::id::AdGuid;
use std::collections::BTreeSet;
use std::ops::Range;

/// A link, and the places that later checks point to.
#[derive(Clone, Debug)]
pub(super) struct ReadLink {
    pub(super) spec: LinkSpec,
    pub(super) file: SourceId,
    pub(super) ad: Range<usize>,
    pub(super) cloud: Range<usize>,
    /// Where `roles` was chosen, in the link or in `[defaults]`.
    pub(super) roles: Option<Range<usize>>,
    pub(super) move_to: Option<Range<usize>>,
}

/// What `[defaults]` and a link have in common. `None`: not said.
#[derive(Clone, Debug, Default)]
struct Choices {
    matching: Option<MatchChoice>,
    roles: Option<At<RolesChoice>>,
    upn: Option<UpnChoice>,
    primary_smtp: Option<At<PrimaryChoice>>,
    addresses: Option<At<AddressChoice>>,
    move_to: Option<At<Dn>>,
    anchor: Option<AnchorChoice>,
    federated: Option<FederatedChoice>,
}

/// What a link is about: a user if it does not say.
const KINDS: [(&str, Option<HolderKind>); 3] =
    [("user", None), ("group", Some(HolderKind::Group)), ("contact", Some(HolderKind::Contact))];

/// Where choices stand: in `[defaults]`, what is one user's own can't be said for all.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Defaults,
    Link,
}

/// A file as read.
#[derive(Clone, Debug, Default)]
pub(super) struct ReadPlan {
    pub(super) links: Vec<ReadLink>,
    pub(super) holders: Vec<ReadHolder>,
    pub(super) others: ReadTasks,
}

/// Reads all of a file. `line` gives the line of an octet. Links with a problem are left out (the problem is reported).
pub(super) fn read(mut root: Table<'_>, name: &str, line: impl Fn(usize) -> usize) -> ReadPlan {
    let sink = root.sink;
    let defaults = root.take("defaults", table("[defaults]")).map_or_else(Choices::default, |at| {
        let mut table = at.value;
        let choices = choices(&mut table, Level::Defaults);
        for key in ["ad", "cloud"] {
            if let Some(span) = table.take(key, |node| Some(node.span.clone())) {
                sink.report(one_users_own(sink, span.span, key));
            }
        }
        table.finish();
        choices
    });
    let origin = |span: &Range<usize>| Origin {
        file: name.to_owned(),
        line: u32::try_from(line(span.start)).unwrap_or(u32::MAX),
        span: span.clone(),
    };
    let asks = ["link", "unlink", "deleted", "tenant"].iter().any(|key| root.has(key));
    let links = root.take("link", tables("[[link]]"));
    let others = read_tasks::read(&mut root, &origin);
    root.finish();
    if !asks {
        sink.report(
            Diagnostic::warning("no-links", "this match plan has no links")
                .label(sink.file, 0..0, "")
                .help("write a [[link]] section with `ad = \"…\"` and `cloud = \"…\"`"),
        );
    }
    let mut read = ReadPlan { others, ..ReadPlan::default() };
    for At { value: mut table, span } in links.into_iter().flat_map(|at| at.value) {
        match table.take_or("kind", None, word(&KINDS)) {
            Some(None) => read.links.extend(link(table, &defaults, origin(&span))),
            Some(Some(kind)) => read.holders.extend(read_holder::read(table, kind, origin(&span))),
            // What else may stand in it depends on what it is about.
            None => {}
        }
    }
    read
}

fn one_users_own(sink: &Sink, span: Range<usize>, key: &str) -> Diagnostic {
    Diagnostic::error(
        "not-for-all",
        format!("`{key}` cannot be said in [defaults]: it would be the same for every user"),
    )
    .label(sink.file, span, "one user's own")
    .help(format!("write `{key}` in the [[link]]"))
}

fn choices(table: &mut Table<'_>, level: Level) -> Choices {
    const MATCHES: [(&str, MatchChoice); 3] =
        [("auto", MatchChoice::Auto), ("soft", MatchChoice::Soft), ("hard", MatchChoice::Hard)];
    const ROLES: [(&str, RolesChoice); 3] =
        [("refuse", RolesChoice::Refuse), ("suspend", RolesChoice::Suspend), ("remove", RolesChoice::Remove)];
    const FEDERATED: [(&str, FederatedChoice); 2] =
        [("refuse", FederatedChoice::Refuse), ("detour", FederatedChoice::Detour)];
    const UPNS: [(&str, UpnChoice); 2] = [("cloud", UpnChoice::Cloud), ("ad", UpnChoice::Ad)];
    Choices {
        matching: table.take("match", word(&MATCHES)).map(|at| at.value),
        roles: table.take("roles", word(&ROLES)),
        upn: table.take("upn", word(&UPNS)).map(|at| at.value),
        primary_smtp: table.take("primary_smtp", |node| primary(node, level)),
        addresses: table.take("addresses", |node| addresses(node, level)),
        move_to: table.take("move_to", dn),
        anchor: table.take("anchor", |node| anchor(node, level)).map(|at| at.value),
        federated: table.take("federated", word(&FEDERATED)).map(|at| at.value),
    }
}

/// `"cloud"`, `"ad"`, or an address.
fn primary(node: &Node<'_>, level: Level) -> Option<PrimaryChoice> {
    let text = text(node)?;
    match text.as_str() {
        "cloud" => Some(PrimaryChoice::Cloud),
        "ad" => Some(PrimaryChoice::Ad),
        _ if text.contains('@') && level == Level::Defaults => {
            node.sink.report(one_users_own(node.sink, node.span.clone(), "primary_smtp"));
            None
        }
        _ if text.contains('@') => {
            let bare = text.split_once(':').map_or(text.as_str(), |(_, address)| address);
            if bare != text || !is_smtp(&text) {
                let problem = node.problem(
                    "bad-address",
                    format!("{}: {text:?} is not an e-mail address", node.name),
                    "not an address",
                );
                let help = format!(
                    "write the address without a type, such as {:?}",
                    if is_smtp(bare) { bare } else { "jane.doe@contoso.com" }
                );
                node.sink.report(problem.help(help));
                return None;
            }
            Some(PrimaryChoice::Value(text))
        }
        _ => {
            report_word(node, &text, &["cloud", "ad", "an e-mail address"]);
            None
        }
    }
}

/// Something around one `@`, and nothing that would end or split a value. The finer rules are findings of the planner.
fn is_smtp(address: &str) -> bool {
    let parts = address.split_once('@');
    let clean = !address.chars().any(|c| c.is_whitespace() || c.is_control() || ":;,<>".contains(c));
    clean && parts.is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty() && !domain.contains('@'))
}

/// `"merge"`, `"keep"`, or the exact list.
fn addresses(node: &Node<'_>, level: Level) -> Option<AddressChoice> {
    const WORDS: [(&str, AddressChoice); 2] = [("merge", AddressChoice::Merge), ("keep", AddressChoice::Keep)];
    if !matches!(node.value, toml::de::DeValue::Array(_)) {
        return word(&WORDS)(node);
    }
    if level == Level::Defaults {
        node.sink.report(one_users_own(node.sink, node.span.clone(), "addresses"));
        return None;
    }
    let sink = node.sink;
    let list = list_of(address)(node)?;
    let mut good = true;
    for (at, address) in list.iter().enumerate() {
        let is_primary = |other: &ProxyAddress| other.kind() == AddressKind::PrimarySmtp;
        let clash = list[..at].iter().find_map(|earlier| {
            if earlier.value.conflict_key() == address.value.conflict_key() {
                Some((earlier, "the same address stands twice in `addresses`"))
            } else if is_primary(&earlier.value) && is_primary(&address.value) {
                Some((earlier, "`addresses` has two primary addresses"))
            } else {
                None
            }
        });
        if let Some((earlier, message)) = clash {
            good = false;
            sink.report(
                Diagnostic::error("bad-address-list", message)
                    .label(sink.file, address.span.clone(), "again")
                    .label(sink.file, earlier.span.clone(), "first here")
                    .help("`SMTP:` marks the one primary address, `smtp:` every other"),
            );
        }
    }
    good.then(|| AddressChoice::Exact(list.into_iter().map(|at| at.value).collect()))
}

/// Reads `type:address`.
fn address(node: &Node<'_>) -> Option<ProxyAddress> {
    parsed(
        "bad-address",
        "not type:address",
        "write the type too: \"SMTP:jane@contoso.com\" for the primary address, \"smtp:…\" for the others",
        |text: &str| {
            let address = ProxyAddress::from(text);
            let typed = text.split_once(':').is_some_and(|(kind, rest)| {
                !kind.is_empty() && kind.chars().all(|c| c.is_ascii_alphanumeric()) && !rest.trim().is_empty()
            });
            let good = typed && !text.contains(char::is_control) && address.smtp_address().is_none_or(is_smtp);
            if good { Ok(address) } else { Err(format!("{text:?} is not an address with its type")) }
        },
    )(node)
}

/// `"cloud-to-ad"`; or, of one user, Base64 of 16 octets or a GUID.
fn anchor(node: &Node<'_>, level: Level) -> Option<AnchorChoice> {
    match node.as_text() {
        Some(AnchorChoice::CLOUD_TO_AD) => return Some(AnchorChoice::CloudToAd),
        Some(_) if level == Level::Defaults => {
            node.sink.report(one_users_own(node.sink, node.span.clone(), "anchor"));
            return None;
        }
        _ => {}
    }
    parsed(
        "bad-anchor",
        "no anchor",
        "write \"cloud-to-ad\", or the AD user's objectGUID or its Base64 form; `matchplan anchor` converts between them",
        |text: &str| guid(text).map_or_else(|| Anchor::from_base64(text), |guid| Ok(Anchor::from_guid(AdGuid(guid)))),
    )(node)
    .map(AnchorChoice::Expected)
}

fn link(mut table: Table<'_>, defaults: &Choices, origin: Origin) -> Option<ReadLink> {
    const DUPLICATES: [(&str, DuplicateChoice); 2] =
        [("refuse", DuplicateChoice::Refuse), ("remove", DuplicateChoice::Remove)];
    let sink = table.sink;
    let ad = table.require("ad", "which AD user", ad_user);
    let cloud = table.require("cloud", "which cloud user, by UPN or object id", cloud_user);
    let has_anchor = table.has("anchor");
    let own = choices(&mut table, Level::Link);
    let duplicate = table.take_or("duplicate", DuplicateChoice::Refuse, word(&DUPLICATES));
    let allow = table.take_or("allow", BTreeSet::new(), allowed);
    table.finish();
    let primary_smtp = primary_of(sink, &own, defaults)?;
    if has_anchor && own.anchor.is_none() {
        return None;
    }
    let (ad, cloud) = (ad?, cloud?);
    let roles = own.roles.as_ref().or(defaults.roles.as_ref());
    let move_to = own.move_to.as_ref().or(defaults.move_to.as_ref());
    let addresses = own.addresses.as_ref().or(defaults.addresses.as_ref());
    let spec = LinkSpec {
        ad: ad.value,
        cloud: cloud.value,
        matching: own.matching.or(defaults.matching).unwrap_or_default(),
        roles: roles.map_or_else(RolesChoice::default, |at| at.value),
        upn: own.upn.or(defaults.upn).unwrap_or_default(),
        primary_smtp,
        addresses: addresses.map_or_else(AddressChoice::default, |at| at.value.clone()),
        move_to: move_to.map(|at| at.value.clone()),
        anchor: own.anchor.or(defaults.anchor),
        duplicate: duplicate?,
        federated: own.federated.or(defaults.federated).unwrap_or_default(),
        allow: allow?,
        origin,
    };
    Some(ReadLink {
        spec,
        file: sink.file,
        ad: ad.span,
        cloud: cloud.span,
        roles: roles.map(|at| at.span.clone()),
        move_to: move_to.map(|at| at.span.clone()),
    })
}

/// The primary address, which a link may say in two places: `primary_smtp`, and the `SMTP:` of an exact list. `None` if
/// the two disagree.
fn primary_of(sink: &Sink, own: &Choices, defaults: &Choices) -> Option<PrimaryChoice> {
    let exact = own.addresses.as_ref().and_then(|at| match &at.value {
        AddressChoice::Exact(list) => Some((list.iter().cloned().collect::<AddressSet>(), at.span.clone())),
        AddressChoice::Merge | AddressChoice::Keep => None,
    });
    let listed = exact.as_ref().and_then(|(set, _)| set.primary()).map(str::to_owned);
    let disagree = |said: &At<PrimaryChoice>, span: &Range<usize>, why: &str| {
        sink.report(
            Diagnostic::error("two-primaries", "`primary_smtp` and `addresses` disagree about the primary address")
                .label(sink.file, said.span.clone(), "said here")
                .label(sink.file, span.clone(), why)
                .help("say it in one place: `primary_smtp`, or `SMTP:` in the list"),
        );
        None
    };
    match (&own.primary_smtp, &exact, listed) {
        (Some(said), Some((_, span)), Some(listed)) => match &said.value {
            PrimaryChoice::Value(value) if value.eq_ignore_ascii_case(&listed) => Some(said.value.clone()),
            _ => disagree(said, span, "this list has its own `SMTP:`"),
        },
        (Some(said), Some((set, span)), None) => match &said.value {
            PrimaryChoice::Value(value) if !set.has_smtp(value) => disagree(said, span, "this list does not have it"),
            _ => Some(said.value.clone()),
        },
        (Some(said), None, _) => Some(said.value.clone()),
        (None, _, Some(listed)) => Some(PrimaryChoice::Value(listed)),
        (None, ..) => Some(defaults.primary_smtp.as_ref().map(|at| at.value.clone()).unwrap_or_default()),
    }
}
