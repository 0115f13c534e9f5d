//! Both directories, holding the same entries with the same GUIDs and SIDs.

use crate::support::ldap::Directory;
use crate::support::samba::Samba;
use crate::support::seed::seed;
use matchplan::lab::faults::Faults;
use matchplan::lab::ldap::{LdapServer, LdapServerConfig, serve};
use matchplan::lab::shared::SharedWorld;
use matchplan::lab::tls::LabTls;
use matchplan::lab::world::forest::{AdEntry, AdValues};
use matchplan::lab::world::load::fill_in_ids;
use matchplan::lab::world::{World, contoso};
use matchplan::model::dn::Dn;
use matchplan::model::id::AdGuid;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Where the tests' own entries are.
pub(super) const WIRE: &str = "OU=Wire,DC=corp,DC=contoso,DC=com";
/// More entries than AD gives in one answer.
pub(super) const CROWD: usize = 1_050;
/// More values than AD gives of one attribute.
pub(super) const MANY: usize = 1_600;

/// The two directories.
pub(super) struct Stage {
    pub(super) embedded: Directory,
    pub(super) samba: Directory,
    pub(super) world: World,
    _running: (LdapServer, Samba),
}

impl Stage {
    /// Starts both; `None` where Samba cannot run. With `crowd`, entries and values that do not fit in one answer.
    pub(super) async fn open(crowd: bool) -> Option<Self> {
        let samba = Samba::start()?;
        let mut world = contoso();
        add_wire(&mut world, crowd);
        let world = seed(&samba.directory, &world).await.world;
        let tls = LabTls::generate().unwrap();
        let known = samba.directory.clone();
        let config = LdapServerConfig {
            world: SharedWorld::in_memory(world.clone()),
            bind_dn: known.bind_dn.clone(),
            bind_upn: known.bind_upn.clone(),
            bind_password: known.password.clone().into(),
            plain_port: 0,
            tls_port: 0,
            require_encryption: false,
            faults: Faults::none(),
            manners: matchplan::lab::manners::Manners::default(),
        };
        let server = serve(config, &tls).await.unwrap();
        let embedded = Directory {
            plain_url: format!("ldap://{}", server.plain),
            tls_url: format!("ldaps://{}", server.tls),
            ca_pem: tls.ca_pem().to_owned(),
            ..known
        };
        Some(Self { embedded, samba: samba.directory.clone(), world, _running: (server, samba) })
    }
}

/// An entry of the world.
pub(super) fn entry<'w>(world: &'w World, dn: &str) -> &'w AdEntry {
    let dn = Dn::parse(dn).unwrap();
    world.ad[0].entries.iter().find(|entry| entry.dn == dn).unwrap_or_else(|| panic!("{dn} is not in the world"))
}

/// The user `CN=name` below [`WIRE`].
pub(super) fn wire(name: &str) -> String {
    format!("CN={name},{WIRE}")
}

fn add_wire(world: &mut World, crowd: bool) {
    let mut made = vec![
        entry_of("OU=Wire,DC=corp,DC=contoso,DC=com", &["top", "organizationalUnit"], &[]),
        entry_of(&format!("OU=Target,{WIRE}"), &["top", "organizationalUnit"], &[]),
        entry_of(&format!("OU=Leaf,{WIRE}"), &["top", "organizationalUnit"], &[]),
    ];
    for number in 1..=45 {
        let name = format!("w{number:02}");
        let mut user = entry_of(
            &wire(&name),
            &["top", "person", "organizationalPerson", "user"],
            &[
                ("sAMAccountName", name.as_str()),
                ("userPrincipalName", &format!("{name}@contoso.com")),
                ("userAccountControl", "512"),
                ("displayName", &format!("Wire {number}")),
                ("mail", &format!("{name}@contoso.com")),
            ],
        );
        let addresses = vec![format!("SMTP:{name}@contoso.com"), format!("smtp:{name}.alias@contoso.com")];
        user.attributes.insert("proxyAddresses".to_owned(), AdValues::Many(addresses));
        made.push(user);
    }
    let anchor = AdValues::octets(b"0123456789abcdef");
    let w40 = made.iter_mut().find(|entry| entry.dn.rdn() == "CN=w40");
    w40.unwrap().attributes.insert("mS-DS-ConsistencyGuid".to_owned(), anchor);
    if crowd {
        made.push(entry_of(&format!("OU=Crowd,{WIRE}"), &["top", "organizationalUnit"], &[]));
        let contact = ["top", "person", "organizationalPerson", "contact"];
        made.extend((0..CROWD).map(|n| entry_of(&format!("CN=c{n:04},OU=Crowd,{WIRE}"), &contact, &[])));
        let values = (0..MANY).map(|n| format!("smtp:many{n:04}@contoso.com")).collect();
        let mut many = entry_of(&format!("CN=Many,{WIRE}"), &contact, &[]);
        many.attributes.insert("proxyAddresses".to_owned(), AdValues::Many(values));
        made.push(many);
    }
    world.ad[0].entries.extend(made);
    fill_in_ids(world);
}

fn entry_of(dn: &str, classes: &[&str], attributes: &[(&str, &str)]) -> AdEntry {
    let classes = AdValues::Many(classes.iter().map(|&class| class.to_owned()).collect());
    let mut all = BTreeMap::from([("objectClass".to_owned(), classes)]);
    all.extend(attributes.iter().map(|&(name, value)| (name.to_owned(), AdValues::One(value.to_owned()))));
    AdEntry { dn: Dn::parse(dn).unwrap(), guid: AdGuid(Uuid::nil()), sid: None, attributes: all }
}
