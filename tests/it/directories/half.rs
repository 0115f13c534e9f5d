//! A directory that answers half: a domain controller that stops in the middle of its users, and a tenant that shows
//! only a part. The first gives no snapshot; the second gives a plan that says what it could not see.

use crate::support::site::{Backend, SYNCED, Site};
use matchplan::config::settings::{AdSettings, Bind, SecretSource};
use matchplan::directory::ad::connection::AdDomain;
use matchplan::directory::error::ErrorKind;
use matchplan::lab::world::contoso;
use matchplan::model::anchor::SourceAnchor;
use matchplan::model::dn::Dn;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// BER (X.690): a tag and its content, with a length of two octets.
fn ber(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x82], &length[..], content].concat()
}

fn attribute(name: &str, value: &[u8]) -> Vec<u8> {
    ber(0x30, &[ber(4, name.as_bytes()), ber(0x31, &ber(4, value))].concat())
}

fn entry(dn: &str, attributes: &[Vec<u8>]) -> Vec<u8> {
    ber(0x64, &[ber(4, dn.as_bytes()), ber(0x30, &attributes.concat())].concat())
}

/// An LDAPResult with a code.
fn result(tag: u8, code: u8) -> Vec<u8> {
    ber(tag, &[vec![0x0a, 1, code], ber(4, b""), ber(4, b"")].concat())
}

/// How the domain controller ends its answer to the search for users, after the first two.
#[derive(Clone, Copy)]
enum Ending {
    Code(u8),
    Cut,
    /// A message without a content, which is no LDAP message.
    Hollow,
    /// A second user whose addresses come one at a time, without end.
    Endless,
}

/// A domain controller that knows its name, and two users before it ends.
async fn controller(ending: Ending) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, ending));
        }
    });
    port
}

/// Requests are short: each comes in one read.
async fn serve(mut stream: TcpStream, ending: Ending) {
    let mut octets = vec![0; 8192];
    let mut searches = 0;
    while let Ok(read) = stream.read(&mut octets).await
        && read > 0
    {
        // SEQUENCE, length, INTEGER id, then the operation.
        let header = if octets[1] & 0x80 == 0 { 2 } else { 2 + usize::from(octets[1] & 0x7f) };
        let id = octets[header..header + 2 + usize::from(octets[header + 1])].to_vec();
        let operation = octets[header + id.len()];
        let say = |operation: Vec<u8>| ber(0x30, &[id.clone(), operation].concat());
        let mut answer = Vec::new();
        if operation == 0x60 {
            answer = say(result(0x61, 0));
        } else if operation == 0x63 && searches == 0 {
            searches = 1;
            let root = [
                attribute("dnsHostName", b"dc1.corp.test"),
                attribute("defaultNamingContext", b"DC=corp,DC=test"),
                attribute("configurationNamingContext", b"CN=Configuration,DC=corp,DC=test"),
            ];
            answer = [say(entry("", &root)), say(result(0x65, 0))].concat();
        } else if operation == 0x63 {
            for n in 0..2u8 {
                let user = [
                    attribute("objectGUID", &[n; 16]),
                    attribute("objectSid", &[1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, n]),
                    attribute("sAMAccountName", format!("user{n}").as_bytes()),
                    attribute("userAccountControl", b"512"),
                ];
                answer.extend(say(entry(&format!("CN=User {n},DC=corp,DC=test"), &user)));
            }
            match ending {
                Ending::Code(code) => answer.extend(say(result(0x65, code))),
                Ending::Cut => {
                    let _ = stream.write_all(&answer).await;
                    return;
                }
                Ending::Hollow => answer.extend([0x30, 0]),
                Ending::Endless => {
                    let name = format!("proxyAddresses;range={searches}-{searches}");
                    let one = [attribute("objectGUID", &[9; 16]), attribute(&name, b"smtp:a@x")];
                    answer = [say(entry("CN=User 9,DC=corp,DC=test", &one)), say(result(0x65, 0))].concat();
                    searches += 1;
                }
            }
        }
        if !answer.is_empty() && stream.write_all(&answer).await.is_err() {
            return;
        }
    }
}

async fn read(ending: Ending) -> Result<usize, matchplan::directory::error::DirectoryError> {
    let settings = AdSettings {
        name: "corp".into(),
        url: format!("ldap://127.0.0.1:{}", controller(ending).await).parse().unwrap(),
        starttls: false,
        allow_plain: false,
        ca_file: None,
        base_dn: Dn::parse("DC=corp,DC=test").unwrap(),
        bind: Bind::Simple { user: "reader@corp.test".into(), password: SecretSource::Prompt },
        source_anchor: SourceAnchor::default(),
    };
    let domain = AdDomain::connect(settings, "pw".to_owned().into(), None).await?;
    domain.snapshot().await.map(|snapshot| snapshot.users.len())
}

#[tokio::test]
async fn users_that_come_only_in_part_are_no_users() {
    assert_eq!(read(Ending::Code(0)).await.unwrap(), 2, "the double itself is read");
    // sizeLimitExceeded, adminLimitExceeded, timeLimitExceeded, operationsError (RFC 4511, appendix A).
    for code in [4, 11, 3, 1] {
        let error = read(Ending::Code(code)).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Broken, "{code}: {error}");
        assert!(error.detail.contains("after 2 entries") && error.what.contains("users"), "{code}: {error}");
    }
    let error = read(Ending::Cut).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unreachable, "{error}");
    assert!(error.detail.contains("after 2 entries"), "{error}");
}

#[tokio::test]
async fn what_is_no_ldap_or_has_no_end_is_given_up_on() {
    let error = read(Ending::Hollow).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unreachable, "{error}");
    let error = read(Ending::Endless).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Broken, "{error}");
    assert!(error.detail.contains("an attribute in parts without end"), "{error}");
}

/// Contoso as somebody sees it who lacks these permissions, with a plan for Elena, who may be eligible for a role.
async fn plan_without(name: &str, lacks: &[&str], licensed: bool) -> String {
    let mut world = contoso();
    let has = |permission: &String| !lacks.contains(&permission.as_str());
    world.entra.caller.permissions.retain(has);
    world.entra.pim_licensed = licensed;
    let site = Site::over(world, Backend::Embedded, name).await.unwrap();
    let link = "[[link]]\nad = \"eengel\"\ncloud = \"elena.engel@contoso.com\"\n";
    site.plan(&format!("[defaults]\nmove_to = \"{SYNCED}\"\nroles = \"suspend\"\n{link}"));
    let ran = site.run(&["plan"]).await;
    // A report wraps its lines.
    format!("{} {}", ran.out, ran.err).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_says_what_it_could_not_see() {
    let unlicensed = plan_without("half_unlicensed", &[], false).await;
    for words in ["could-not-be-seen", "eligible and activated roles", "Entra ID P2"] {
        assert!(unlicensed.contains(words), "{words:?} is not in\n{unlicensed}");
    }
    // `Directory.Read.All` still shows what is in force.
    let blind = plan_without("half_blind", &["RoleManagement.ReadWrite.Directory"], true).await;
    let pim = "eligible and activated roles (could not read PIM's schedules of active roles";
    for words in [pim, "RoleAssignmentSchedule.Read.Directory", "RoleManagementPolicy.Read.Directory"] {
        assert!(blind.contains(words), "{words:?} is not in\n{blind}");
    }
    let groups = ["GroupMember.ReadWrite.All", "Group.Read.All", "Directory.Read.All", "Policy.Read.All"];
    let no_groups = plan_without("half_no_groups", &groups, true).await;
    for words in ["could-not-be-seen", "roles through role-assignable groups", "Group.Read.All"] {
        assert!(no_groups.contains(words), "{words:?} is not in\n{no_groups}");
    }
}
