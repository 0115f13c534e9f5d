//! Bytes that no client would send.

use super::fixture::{JANE, JANE_GUID, request, world};
use super::protocol::{ADMIN, Lab, PASSWORD, lab};
use crate::lab::faults::Faults;
use crate::lab::ldap::bind::Account;
use crate::lab::ldap::codec::LdapCodec;
use crate::lab::ldap::session::{Directory, Session};
use crate::lab::manners::Manners;
use crate::lab::shared::SharedWorld;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rasn_ldap::{
    AddRequest, Attribute, AttributeValueAssertion, AuthenticationChoice, BindRequest, ChangeOperation, CompareRequest,
    DelRequest, LdapMessage, ModifyDnRequest, ModifyRequest, ModifyRequestChanges, PartialAttribute, ProtocolOp,
    SearchRequestScope,
};
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_util::bytes::BytesMut;
use tokio_util::codec::{Decoder as _, Encoder as _};

/// Sends bytes, ends the sending side, and reads what comes until the server closes.
async fn send(lab: &Lab, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(lab.server.plain).await.unwrap();
    let mut answer = Vec::new();
    // The server may have closed before all is sent; that is its right.
    if stream.write_all(bytes).await.is_ok() && stream.shutdown().await.is_ok() {
        let _ = stream.read_to_end(&mut answer).await;
    }
    answer
}

/// A message as the codec encodes it.
fn encoded(operation: ProtocolOp) -> Vec<u8> {
    let mut bytes = BytesMut::new();
    LdapCodec.encode(LdapMessage::new(1, operation), &mut bytes).unwrap();
    bytes.to_vec()
}

/// A good request of each kind, to be damaged.
fn requests() -> Vec<Vec<u8>> {
    let simple = |password: &str| AuthenticationChoice::Simple(password.as_bytes().into());
    let text = "(&(|(cn=a*b*c)(mail>=x))(!(adminCount:1.2.840.113556.1.4.803:=1))(objectGUID=\\00))";
    let add = Attribute::new("objectClass".into(), vec![b"user"[..].into()].into());
    let change = ModifyRequestChanges {
        operation: ChangeOperation::Delete,
        modification: PartialAttribute::new("mail".into(), vec![b"jane@corp.test"[..].into()].into()),
    };
    let rename = ModifyDnRequest {
        entry: JANE.into(),
        new_rdn: "CN=x".into(),
        delete_old_rdn: true,
        new_superior: Some("OU=Left,DC=corp,DC=test".into()),
    };
    let compared = AttributeValueAssertion::new("mail".into(), b"x"[..].into());
    let asked = ["*", "mail;range=0-5"];
    [
        ProtocolOp::BindRequest(BindRequest::new(3, ADMIN.into(), simple(PASSWORD))),
        ProtocolOp::SearchRequest(request("DC=corp,DC=test", SearchRequestScope::WholeSubtree, text, &asked)),
        ProtocolOp::SearchRequest(request(
            "<SID=S-1-5-21-1-2-3-1200>",
            SearchRequestScope::BaseObject,
            "(cn=*)",
            &asked,
        )),
        ProtocolOp::ModifyRequest(ModifyRequest { object: JANE.into(), changes: vec![change] }),
        ProtocolOp::AddRequest(AddRequest { entry: "CN=é\\2c,OU=Left,DC=corp,DC=test".into(), attributes: vec![add] }),
        ProtocolOp::ModDnRequest(rename),
        ProtocolOp::CompareRequest(CompareRequest { entry: JANE.into(), ava: compared }),
        ProtocolOp::DelRequest(DelRequest(format!("<GUID={JANE_GUID}>").as_str().into())),
    ]
    .map(encoded)
    .into()
}

proptest! {
    /// Here a panic is the test's own, so none can go unseen.
    #[test]
    fn no_damaged_request_makes_a_conversation_panic(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        which in any::<prop::sample::Index>(),
    ) {
        let account = Account { dn: ADMIN.to_owned(), upn: "admin@corp.test".to_owned(), password: PASSWORD.to_owned().into() };
        let directory = Directory { world: SharedWorld::in_memory(world()), account, require_encryption: false, faults: Faults::default(), manners: Manners::default() };
        let mut session = Session::new(Arc::new(directory), false);
        let requests = requests();
        let mut damaged = which.get(&requests).clone();
        for (at, octet) in damage {
            *at.get_mut(&mut damaged) = octet;
        }
        for bytes in [&requests[0], &damaged] {
            if let Ok(Some(message)) = LdapCodec.decode(&mut BytesMut::from(bytes.as_slice())) {
                session.answer(message);
            }
        }
    }
}

#[test]
fn no_bytes_bring_the_server_down() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let lab = runtime.block_on(lab(world(), false));
    let mut runner = TestRunner::new(Config { cases: 50, failure_persistence: None, ..Config::default() });
    let bytes = prop::collection::vec(any::<u8>(), 0..100);
    runner
        .run(&bytes, |bytes| {
            runtime.block_on(send(&lab, &bytes));
            Ok(())
        })
        .unwrap();
    runtime.block_on(async { lab.bound().await });
}

#[tokio::test]
async fn a_message_that_promises_too_much_ends_the_conversation() {
    let lab = lab(world(), false).await;
    let answer = send(&lab, &[0x30, 0x84, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0]).await;
    let text = String::from_utf8_lossy(&answer);
    assert!(text.contains("1.3.6.1.4.1.1466.20036") && text.contains("too long"), "{text}");
}

#[tokio::test]
async fn what_is_sent_before_the_handshake_is_not_answered_after_it() {
    let lab = lab(world(), false).await;
    let start_tls = [&[0x30, 0x1d, 2, 1, 1, 0x77, 0x18, 0x80, 0x16][..], b"1.3.6.1.4.1.1466.20037"].concat();
    let who_am_i = [&[0x30, 0x1e, 2, 1, 2, 0x77, 0x19, 0x80, 0x17][..], b"1.3.6.1.4.1.4203.1.11.3"].concat();
    let answer = send(&lab, &[start_tls, who_am_i].concat()).await;
    assert!(String::from_utf8_lossy(&answer).contains("20037"), "StartTLS itself is answered");
    assert_eq!(answer.split(|octet| *octet == 0x78).count(), 2, "and nothing else: {answer:02x?}");
}
