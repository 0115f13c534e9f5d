//! The lab's company in a real domain.

use crate::support::ldap::attributes;
use crate::support::samba::Samba;
use crate::support::seed::seed;
use ldap3::{Scope, SearchEntry};
use matchplan::lab::world::contoso;
use matchplan::model::anchor::Anchor;
use matchplan::model::id::Sid;
use std::collections::BTreeSet;

#[tokio::test]
async fn contoso_works_in_a_real_domain_as_it_does_in_the_lab() {
    let Some(samba) = Samba::start() else { return };
    let before = contoso();
    let seeded = seed(&samba.directory, &before).await;
    // Nothing that linking looks at may be missing from the scenario; these are the directory's own to set.
    let own = ["iscriticalsystemobject", "labhighestusn", "usnchanged", "whenchanged"].map(str::to_owned);
    assert_eq!(seeded.left_out, BTreeSet::from(own));

    let mut ldap = samba.directory.bound().await;
    for entry in &seeded.world.ad[0].entries {
        let found = ldap.search(entry.dn.as_str(), Scope::Base, "(objectClass=*)", ["*", "objectGUID"]).await.unwrap();
        let (found, _) = found.success().unwrap();
        let held = attributes(SearchEntry::construct(found.into_iter().next().unwrap()));
        assert_eq!(held["objectguid"], BTreeSet::from([Anchor::from_guid(entry.guid).octets().to_vec()]));
        let given = |name: &str| name != "objectClass" && !seeded.left_out.contains(&name.to_lowercase());
        for (name, values) in entry.attributes.iter().filter(|(name, _)| given(name)) {
            let values: BTreeSet<_> = values.to_octets().into_iter().collect();
            assert_eq!(held.get(&name.to_lowercase()), Some(&values), "{name} of {}", entry.dn);
        }
    }
    // The cloud's side speaks of the same people: as many anchors lead from the cloud to AD as before.
    let linked = |world: &matchplan::lab::world::World| {
        let sids: BTreeSet<_> = world.ad[0].entries.iter().filter_map(|e| e.sid.as_ref().map(Sid::to_string)).collect();
        let known = |sid: &&str| sids.contains(*sid);
        world.entra.users.iter().filter_map(|u| u.on_premises_security_identifier.as_deref()).filter(known).count()
    };
    assert_eq!(linked(&seeded.world), linked(&before));
    assert!(linked(&before) > 10);
    assert_ne!(seeded.world.entra.users, before.entra.users);
}
