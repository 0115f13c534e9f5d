//! Who may bind, over which transport, and what an unbound client sees.

use super::stage::Stage;
use crate::support::ldap::{Directory, Transport};
use ldap3::Scope;

/// The result code of a simple bind.
async fn bind(directory: &Directory, transport: Transport, who: &str, password: &str) -> u32 {
    let mut ldap = directory.connect(transport).await.expect("the directory answers");
    ldap.simple_bind(who, password).await.expect("the directory answers").rc
}

#[tokio::test]
async fn both_let_the_same_people_in() {
    let Some(stage) = Stage::open(false).await else { return };
    let Directory { bind_dn, bind_upn, password, .. } = stage.samba.clone();
    let netbios = r"CORP\Administrator".to_owned();
    let nobody = "CN=Nobody,CN=Users,DC=corp,DC=contoso,DC=com".to_owned();
    let cases = [
        ("the DN", &bind_dn, password.as_str(), 0),
        ("the DN in another case", &bind_dn.to_uppercase(), &password, 0),
        ("the UPN", &bind_upn, &password, 0),
        ("the NetBIOS name", &netbios, &password, 0),
        ("a bare account name", &"Administrator".to_owned(), &password, 49),
        ("a wrong password", &bind_dn, "wrong", 49),
        ("a wrong password for the UPN", &bind_upn, "wrong", 49),
        ("an unknown DN", &nobody, &password, 49),
        ("an unknown UPN", &"nobody@corp.contoso.com".to_owned(), &password, 49),
        ("a DN that is none", &"CN=,,".to_owned(), &password, 49),
    ];
    let mut wrong = Vec::new();
    for transport in [Transport::Plain, Transport::StartTls, Transport::Ldaps] {
        for (what, who, password, expected) in &cases {
            let ours = bind(&stage.embedded, transport, who, password).await;
            let real = bind(&stage.samba, transport, who, password).await;
            if (ours, real) != (*expected, *expected) {
                wrong.push(format!("{what} over {transport:?}: embedded {ours}, Samba {real}, expected {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The result code of a search without a bind, and whether it found something.
async fn unbound_search(directory: &Directory, base: &str) -> (u32, bool) {
    let mut ldap = directory.connect(Transport::Plain).await.expect("the directory answers");
    let answer = ldap.search(base, Scope::Base, "(objectClass=*)", ["defaultNamingContext", "cn"]).await;
    let ldap3::SearchResult(found, answer) = answer.expect("the directory answers");
    (answer.rc, !found.is_empty())
}

#[tokio::test]
async fn both_show_strangers_the_root_dse_only() {
    let Some(stage) = Stage::open(false).await else { return };
    for directory in [&stage.embedded, &stage.samba] {
        assert_eq!(unbound_search(directory, "").await, (0, true));
        assert_eq!(unbound_search(directory, &stage.samba.base_dn).await, (1, false)); // operationsError
    }
}

#[tokio::test]
async fn neither_is_trusted_with_the_others_certificate() {
    let Some(stage) = Stage::open(false).await else { return };
    let (embedded, samba) = (stage.embedded.clone(), stage.samba.clone());
    let swapped = [
        Directory { ca_pem: samba.ca_pem.clone(), ..embedded.clone() },
        Directory { ca_pem: embedded.ca_pem, ..samba },
    ];
    for directory in &swapped {
        for transport in [Transport::StartTls, Transport::Ldaps] {
            assert!(directory.connect(transport).await.is_err());
        }
    }
}
