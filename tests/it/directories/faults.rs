//! Every fault that the lab knows, met by the real clients: each is the kind of error that says what to do next, what
//! was done in spite of it is done, and the next request gets through.

use super::{Lab, change, snapshot, somebody};
use crate::support::LeapingClock;
use matchplan::directory::connected::Directories;
use matchplan::directory::error::{DirectoryError, ErrorKind};
use matchplan::directory::port::{ReadAd as _, ReadEntra as _, WriteAd as _, WriteEntra as _};
use matchplan::lab::faults::{Fault, Faults, GraphFault as G, LdapFault as L, Rates, RetryAfter as After};
use matchplan::lab::world::contoso::contoso;
use matchplan::model::ad::AdUser;
use matchplan::model::anchor::{Anchor, ImmutableId};
use matchplan::model::attribute::AdAttribute;
use matchplan::model::dn::Dn;
use matchplan::model::id::ObjectId;
use matchplan::model::reference::AdRef;
use matchplan::model::role::{Holding, RoleKind};
use std::time::Duration;

/// A client with a token and a sign-in, and faults that begin with [`Faults::resume`].
struct Met {
    lab: Lab,
    directories: Directories<LeapingClock>,
    faults: Faults,
}

impl Met {
    async fn at(rates: Rates) -> Self {
        let faults = Faults::seeded(1, rates);
        faults.calm();
        let lab = Lab::with(contoso(), faults.clone()).await;
        let directories = lab.connected().await;
        Self { lab, directories, faults }
    }

    /// A cloud user that can be linked.
    fn user(&self) -> ObjectId {
        self.lab.world.read(|world| {
            let holders: Vec<_> = world.entra.role_assignments.iter().map(|role| role.principal_id).collect();
            let free = |user: &&matchplan::lab::world::cloud::CloudUser| {
                user.on_premises_immutable_id.is_none() && !holders.contains(&user.id)
            };
            world.entra.users.iter().find(free).unwrap().id
        })
    }

    /// The anchor that the world has for this user.
    fn anchor_of(&self, id: ObjectId) -> Option<String> {
        self.lab.world.read(|world| {
            let user = world.entra.users.iter().find(|user| user.id == id).unwrap();
            user.on_premises_immutable_id.as_ref().map(ToString::to_string)
        })
    }

    /// The AD user as it is, in a calm.
    async fn fresh(&self, user: &AdUser) -> AdUser {
        self.faults.calm();
        self.directories.ad_user(&user.domain, user.guid).await.unwrap().unwrap()
    }
}

fn anchor() -> ImmutableId {
    Anchor::from_base64("iGhmiAEBERG7uxI0VniQqw==").unwrap().into()
}

fn kind<T>(result: &Result<T, DirectoryError>) -> Option<ErrorKind> {
    result.as_ref().err().map(|error| error.kind)
}

fn every(kind: G) -> Rates {
    Rates::none().graph(kind, 1000).at_most_in_a_row(1)
}

fn each(kind: L) -> Rates {
    Rates::none().ldap(kind, 1000).at_most_in_a_row(1)
}

#[tokio::test]
async fn a_write_to_graph_is_open_wherever_it_may_have_been_done() {
    let (unknown, busy) = (Some(ErrorKind::OutcomeUnknown), Some(ErrorKind::Busy));
    // The caller reads again first: the client does not repeat it.
    let throttled = Some(ErrorKind::Throttled);
    for (fault, wanted, done) in [
        (G::CutBefore, unknown, false),
        (G::CutAfter, unknown, true),
        (G::CutInBody, unknown, true),
        (G::Throttled(After::Unsaid), throttled, false),
        (G::Throttled(After::Seconds), throttled, false),
        (G::Throttled(After::Decimal), throttled, false),
        (G::Throttled(After::Date), throttled, false),
        (G::Throttled(After::Hour), throttled, false),
        (G::InternalError, unknown, false),
        (G::BadGateway, unknown, false),
        (G::Unavailable(After::Unsaid), busy, false),
        (G::Unavailable(After::Seconds), busy, false),
        (G::GatewayTimeout, unknown, false),
        (G::GatewayTimeoutDone, unknown, true),
        (G::Outage, busy, false),
    ] {
        let met = Met::at(every(fault)).await;
        let id = met.user();
        // A connection that was used before: a client must not take its end for one that was never sent on.
        met.directories.last_sync().await.unwrap();
        met.faults.resume();
        let result = met.directories.set_immutable_id(id, Some(&anchor())).await;
        assert_eq!(kind(&result), wanted, "{fault}: {result:?}");
        assert_eq!(met.anchor_of(id).is_some(), done, "{fault}");
        let told = met.faults.told();
        assert_eq!((told.len(), told[0].fault, told[0].nth), (1, Fault::Graph(fault), 1), "{fault}: {told:?}");
        assert_eq!(told[0].request, format!("PATCH /v1.0/users/{id}"));
        met.faults.calm();
        met.directories.set_immutable_id(id, None).await.unwrap();
    }
}

#[tokio::test]
async fn a_read_of_graph_is_made_again_where_that_helps() {
    let busy = Some(ErrorKind::Busy);
    for (fault, wanted) in [
        (G::CutBefore, None),
        (G::CutAfter, None),
        (G::CutInBody, None),
        (G::Throttled(After::Unsaid), None),
        (G::Throttled(After::Seconds), None),
        (G::Throttled(After::Decimal), None),
        (G::Throttled(After::Date), None),
        (G::Throttled(After::Hour), Some(ErrorKind::Throttled)),
        (G::InternalError, busy),
        (G::BadGateway, busy),
        (G::Unavailable(After::Unsaid), None),
        (G::Unavailable(After::Seconds), None),
        (G::GatewayTimeout, None),
        (G::NotJson, Some(ErrorKind::Broken)),
        (G::Outage, busy),
    ] {
        let met = Met::at(every(fault)).await;
        let wished = met.directories.last_sync().await.unwrap();
        met.faults.resume();
        let result = met.directories.last_sync().await;
        assert_eq!(kind(&result), wanted, "{fault}: {result:?}");
        assert!(result.is_err() || result.unwrap() == wished, "{fault}");
        assert!(
            met.faults.told().iter().all(|told| told.fault == Fault::Graph(fault)) && !met.faults.told().is_empty()
        );
        met.faults.calm();
        assert_eq!(met.directories.last_sync().await.unwrap(), wished, "{fault}");
    }
    let met = Met::at(Rates::none().graph(G::CutBefore, 1000)).await;
    met.faults.resume();
    assert_eq!(kind(&met.directories.last_sync().await), Some(ErrorKind::Unreachable), "it is cut three times");
}

#[tokio::test]
async fn a_role_whose_giving_was_cut_in_the_answer_is_given() {
    let met = Met::at(every(G::CutInBody)).await;
    let snapshot = snapshot(&met.directories).await;
    let plain = snapshot.roles.iter().find(|role| role.kind == RoleKind::Active && role.ends.is_none());
    let plain = Holding::Role(plain.unwrap().clone());
    met.directories.take(&plain).await.unwrap();
    met.faults.resume();
    let result = met.directories.give(&plain).await;
    assert_eq!(kind(&result), Some(ErrorKind::OutcomeUnknown), "{result:?}");
    met.faults.calm();
    let held = met.directories.holdings_of(plain.user()).await.unwrap();
    assert!(held.iter().any(|live| plain.same_as(live)), "{held:?}");
}

#[tokio::test]
async fn a_lagging_read_shows_a_write_late_and_then_keeps_it() {
    let met = Met::at(Rates::none().lagging(1000)).await;
    let id = met.user();
    met.faults.resume();
    met.directories.set_immutable_id(id, Some(&anchor())).await.unwrap();
    let mut seen = Vec::new();
    for _ in 0..6 {
        seen.push(met.directories.entra_user(id).await.unwrap().unwrap().immutable_id.is_some());
    }
    let late = seen.iter().take_while(|seen| !**seen).count();
    assert!((1..=3).contains(&late) && seen[late..].iter().all(|seen| *seen), "{seen:?}");
    // What is asked otherwise lags by itself; a second write begins anew.
    met.directories.set_immutable_id(id, None).await.unwrap();
    assert!(met.directories.entra_user(id).await.unwrap().unwrap().immutable_id.is_some());
    met.faults.calm();
    assert_eq!(met.directories.entra_user(id).await.unwrap().unwrap().immutable_id, None);
    assert!(met.faults.told().iter().all(|told| told.fault == Fault::Stale));

    let met = Met::at(Rates::none().going_back(500)).await;
    met.faults.resume();
    met.directories.set_immutable_id(id, Some(&anchor())).await.unwrap();
    let mut seen = Vec::new();
    for _ in 0..20 {
        seen.push(met.directories.entra_user(id).await.unwrap().unwrap().immutable_id.is_some());
    }
    assert!(seen.windows(2).any(|pair| pair == [true, false]), "{seen:?}");
}

#[tokio::test]
async fn a_token_endpoint_fails_rarely_and_is_asked_again() {
    let met = Met::at(every(G::Unavailable(After::Seconds))).await;
    met.faults.resume();
    for _ in 0..30 {
        met.lab.connected().await;
    }
    let told = met.faults.told();
    assert!(told.iter().all(|told| told.request.ends_with("/oauth2/v2.0/token")), "{told:?}");
    assert!((1..=8).contains(&told.len()), "{told:?}");
}

#[tokio::test]
async fn a_write_to_ad_is_open_wherever_it_may_have_been_done() {
    let (unknown, busy) = (Some(ErrorKind::OutcomeUnknown), Some(ErrorKind::Busy));
    for (fault, wanted, done) in [
        (L::CutBefore, unknown, false),
        (L::CutAfter, unknown, true),
        (L::Busy, busy, false),
        (L::Unavailable, busy, false),
        (L::Outage, busy, false),
        (L::SizeLimit, None, true),
    ] {
        let met = Met::at(each(fault)).await;
        let user = somebody(&snapshot(&met.directories).await);
        let mail = change(AdAttribute::Mail, &AdAttribute::Mail.of(&user), &["new@contoso.com".to_owned()]);
        met.faults.resume();
        let result = met.directories.modify(&AdRef::from(&user), &[mail]).await;
        assert_eq!(kind(&result), wanted, "{fault}: {result:?}");
        assert_eq!(met.fresh(&user).await.mail.as_deref() == Some("new@contoso.com"), done, "{fault}");

        // A move reads before it writes; what befalls the reads of an outage ends it before.
        let parent = Dn::parse("OU=Admins,DC=corp,DC=contoso,DC=com").unwrap();
        met.faults.resume();
        let result = met.directories.move_under(&AdRef::from(&user), &parent).await;
        if matches!(fault, L::CutBefore | L::CutAfter) {
            assert_eq!(kind(&result), unknown, "{fault}: {result:?}");
            assert_eq!(met.fresh(&user).await.dn.parent() == Some(parent), done, "{fault}");
        }
    }
}

#[tokio::test]
async fn a_read_of_ad_is_made_again_after_a_cut_and_half_an_answer_is_none() {
    let (busy, broken) = (Some(ErrorKind::Busy), Some(ErrorKind::Broken));
    for (fault, wanted) in [
        (L::CutBefore, None),
        (L::CutAfter, None),
        (L::Busy, busy),
        (L::Unavailable, busy),
        (L::Outage, busy),
        (L::TimeLimit, broken),
        (L::SizeLimit, broken),
        (L::AdminLimit, broken),
    ] {
        for starttls in [false, true] {
            let met = Met::at(each(fault)).await;
            let mut way = met.lab.usual();
            if starttls {
                way.url = format!("ldap://localhost:{}", met.lab.ldap.plain.port());
                way.starttls = true;
            }
            let directories = met.lab.connect(way).await.unwrap();
            let user = somebody(&snapshot(&directories).await);
            met.faults.resume();
            let read = async || {
                let read = directories.ad_user(&user.domain, user.guid);
                tokio::time::timeout(Duration::from_mins(1), read).await.expect("it does not hang")
            };
            let result = read().await;
            assert_eq!(kind(&result), wanted, "{fault}: {result:?}");
            let whole = directories.domains()[0].snapshot().await;
            assert_eq!(kind(&whole), wanted, "{fault}: {whole:?}");
            met.faults.calm();
            assert_eq!(read().await.unwrap().as_ref(), Some(&user), "{fault}");
        }
    }
    let met = Met::at(Rates::none().ldap(L::CutBefore, 1000)).await;
    let user = somebody(&snapshot(&met.directories).await);
    met.faults.resume();
    let result = met.directories.ad_user(&user.domain, user.guid).await;
    assert_eq!(kind(&result), Some(ErrorKind::Unreachable), "it is cut twice: {result:?}");
    met.faults.calm();
    assert_eq!(met.directories.ad_user(&user.domain, user.guid).await.unwrap(), Some(user));
}

#[tokio::test]
async fn signing_in_to_ad_fails_rarely_and_says_that_it_is_busy() {
    let met = Met::at(each(L::Busy)).await;
    met.faults.resume();
    let mut refused = 0;
    for _ in 0..30 {
        match met.lab.connect(met.lab.usual()).await {
            Ok(_) => {}
            Err(error) => {
                assert_eq!(error.kind, ErrorKind::Busy, "{error}");
                refused += 1;
            }
        }
    }
    assert!((1..=12).contains(&refused), "{refused} of 30");
}

#[tokio::test]
async fn the_same_seed_is_the_same_storm_on_other_ports() {
    let storm = async || {
        let met = Met::at(Rates::stormy()).await;
        let user = somebody(&snapshot(&met.directories).await);
        let met = Met { directories: met.directories.one_exchange_at_a_time(), ..met };
        met.faults.resume();
        for id in met.lab.world.read(|world| world.entra.users.iter().map(|user| user.id).collect::<Vec<_>>()) {
            let _ = met.directories.entra_user(id).await;
            let _ = met.directories.holdings_of(id).await;
            let _ = met.directories.set_immutable_id(id, Some(&anchor())).await;
        }
        for n in 0..20 {
            let mail = change(AdAttribute::Mail, &AdAttribute::Mail.of(&user), &[format!("n{n}@contoso.com")]);
            let _ = met.directories.modify(&AdRef::from(&user), &[mail]).await;
            let _ = met.directories.ad_user(&user.domain, user.guid).await;
        }
        let mut told = met.faults.told();
        told.sort();
        told
    };
    let told = Box::pin(storm()).await;
    let again = Box::pin(storm()).await;
    let differs = told.iter().zip(&again).find(|(one, other)| one != other);
    assert_eq!((differs, told.len()), (None, again.len()));
    assert!(told.len() > 100, "{}", told.len());
}
