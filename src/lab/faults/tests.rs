use super::*;
use std::collections::BTreeSet;

fn patch(n: u32) -> Request {
    Request::new(Sort::Write, format!("PATCH /v1.0/users/{n}"), b"{}")
}

fn search(n: u32) -> Request {
    Request::new(Sort::Read, format!("search CN={n}"), b"")
}

/// What befalls the first ten times of twenty writes and searches, asked in this order.
fn fates(seed: u64, order: impl Iterator<Item = u32>) -> BTreeSet<Told> {
    let faults = Faults::seeded(seed, Rates::stormy());
    for n in order {
        let _ = (faults.graph(&patch(n)), faults.ldap(&search(n)));
    }
    faults.told().into_iter().collect()
}

#[test]
fn the_same_seed_gives_the_same_faults_however_requests_interleave() {
    let by_request = || (0..20).flat_map(|n| [n; 10]);
    let by_round = || (0..10).flat_map(|_| (0..20).rev());
    let one = fates(7, by_request());
    assert_eq!(one, fates(7, by_round()));
    assert_ne!(one, fates(8, by_request()));
    assert!(one.len() > 20, "{one:?}");
}

#[test]
fn a_seed_means_the_same_for_ever() {
    // Reckoned by hand from the definition: SHA-256 of seed, count, and both texts with their lengths.
    let seed = draw::Seed(42);
    assert_eq!([1, 2, 3].map(|nth| seed.below(1000, "fault", "GET /v1.0/users", nth)), [882, 603, 970]);
}

#[test]
fn without_rates_nothing_happens() {
    let quiet = [Faults::none(), Faults::default(), Faults::seeded(1, Rates::none())];
    for faults in quiet {
        for n in 0..1000 {
            assert_eq!((faults.graph(&patch(n)), faults.ldap(&search(n))), (None, None));
            assert_eq!((faults.lag("w", n, "r"), faults.goes_back("r", n), faults.can_lag()), (0, false, false));
        }
        assert_eq!(faults.told(), []);
    }
}

#[test]
fn rates_are_what_they_say() {
    let faults = Faults::seeded(3, Rates::none().graph(GraphFault::CutAfter, 250).lagging(500));
    let cut = (0..4000).filter(|n| faults.graph(&patch(*n)) == Some(GraphFault::CutAfter)).count();
    assert!((850..1150).contains(&cut), "{cut} of 4000");
    let lags: Vec<u32> = (0..4000).map(|n| faults.lag("w", n, "r")).collect();
    let count = |lag| lags.iter().filter(|one| **one == lag).count();
    assert!((1850..2150).contains(&count(0)), "{}", count(0));
    assert!([1, 2, 3].iter().all(|lag| (550..780).contains(&count(*lag))), "{:?}", [1, 2, 3].map(count));
    assert!(lags.iter().all(|lag| *lag <= 3));
}

#[test]
fn a_client_that_tries_again_gets_on() {
    let always = Rates::none().graph(GraphFault::BadGateway, 1000).ldap(LdapFault::Busy, 1000);
    let faults = Faults::seeded(1, always.clone().at_most_in_a_row(2));
    let met: Vec<bool> = (0..9).map(|_| faults.graph(&patch(1)).is_some()).collect();
    assert_eq!(met, [true, true, false, true, true, false, true, true, false]);
    let faults = Faults::seeded(1, always);
    let met: Vec<bool> = (0..4).map(|_| faults.ldap(&search(1)).is_some()).collect();
    assert_eq!(met, [true, true, true, false]);
}

#[test]
fn an_outage_outlasts_a_client_and_ends() {
    let faults = Faults::seeded(1, Rates::none().graph(GraphFault::Outage, 1000).at_most_in_a_row(1));
    let met: Vec<bool> = (0..14).map(|_| faults.graph(&patch(1)).is_some()).collect();
    assert_eq!(met.iter().position(|met| !met), Some(12), "{met:?}");
}

#[test]
fn a_calm_is_a_calm_and_forgets_nothing() {
    let faults = Faults::seeded(1, Rates::none().graph(GraphFault::CutBefore, 1000).lagging(1000));
    let shared = faults.clone();
    assert!(faults.graph(&patch(1)).is_some() && faults.can_lag());
    shared.calm();
    assert_eq!((faults.graph(&patch(1)), faults.lag("w", 1, "r"), faults.can_lag()), (None, 0, false));
    shared.resume();
    assert!(faults.graph(&patch(1)).is_some());
    let told: Vec<String> = faults.told().iter().map(ToString::to_string).collect();
    assert_eq!(told, [1, 2].map(|n| format!("PATCH /v1.0/users/1 (time {n}): cut before it was done")));
}

#[test]
fn a_fault_befalls_only_what_it_can_and_a_sign_in_rarely() {
    let faults = Faults::seeded(1, Rates::none().graph(GraphFault::NotJson, 1000).ldap(LdapFault::SizeLimit, 1000));
    assert_eq!((faults.graph(&patch(1)), faults.graph(&search(1))), (None, Some(GraphFault::NotJson)));
    assert_eq!((faults.ldap(&patch(1)), faults.ldap(&search(1))), (None, Some(LdapFault::SizeLimit)));
    let faults = Faults::seeded(1, Rates::none().ldap(LdapFault::Busy, 1000));
    let binds = (0..1000).map(|n| Request::new(Sort::SignIn, format!("bind {n}"), b""));
    let met = binds.filter(|bind| faults.ldap(bind).is_some()).count();
    assert!((60..140).contains(&met), "{met} of 1000");
}
