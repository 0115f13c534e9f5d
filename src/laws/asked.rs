//! What the lab's servers are asked.

use crate::lab::faults::Faults;
use crate::lab::graph::answer::{Body, Object};
use crate::lab::graph::conditions::Conditions;
use crate::lab::graph::delta::Deltas;
use crate::lab::graph::dispatch::Graph;
use crate::lab::graph::filter::expr::{Expr, Function, Literal};
use crate::lab::graph::filter::{eval, parser, support};
use crate::lab::graph::request::{self, Payload, Request, Version};
use crate::lab::graph::throttle::Throttle;
use crate::lab::graph::tokens::Tokens;
use crate::lab::graph::user_entity::USER;
use crate::lab::ldap::bind::Account;
use crate::lab::ldap::codec::LdapCodec;
use crate::lab::ldap::session::{Directory, Next, Session};
use crate::lab::manners::Manners;
use crate::lab::shared::SharedWorld;
use crate::lab::world::World;
use crate::lab::world::load;
use axum::http::Method;
use rasn_ldap::{AuthenticationChoice, BindRequest, LdapMessage, ProtocolOp};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio_util::bytes::BytesMut;
use tokio_util::codec::{Decoder as _, Encoder as _};

const SECRET: &str = "lab";

/// Small, as each input begins with a world of its own: the seeds of another law.
static FOREST: LazyLock<World> = LazyLock::new(|| seed(include_str!("../../fuzz/seeds/lab_world/forest.json")));
static TENANT: LazyLock<World> = LazyLock::new(|| seed(include_str!("../../fuzz/seeds/lab_world/tenant.json")));

fn seed(text: &str) -> World {
    load::parse(text, Path::new("seed")).expect("it is a world")
}

/// A conversation of LDAP messages with somebody who is signed in: every request is answered under its own id, and
/// every answer can be sent and read.
pub fn lab_ldap(octets: &[u8]) {
    let name = "CN=Lab,DC=corp,DC=test";
    let account = Account { dn: name.to_owned(), upn: "lab@corp.test".to_owned(), password: SECRET.into() };
    let world = SharedWorld::in_memory(FOREST.clone());
    let mut session = Session::new(
        Arc::new(Directory {
            world,
            account,
            require_encryption: false,
            faults: Faults::none(),
            manners: Manners::default(),
        }),
        false,
    );
    let password = AuthenticationChoice::Simple(SECRET.as_bytes().into());
    let bind = ProtocolOp::BindRequest(BindRequest::new(3, name.into(), password));
    session.answer(LdapMessage::new(1, bind));
    let mut stream = BytesMut::from(octets);
    while let Ok(Some(message)) = LdapCodec.decode(&mut stream) {
        let id = message.message_id;
        let (answers, over) = match session.answer(message) {
            Next::Reply(answers) => (answers, false),
            Next::StartTls(answer) => (vec![answer], true),
            Next::Close(answers) | Next::Cut(answers) => (answers, true),
        };
        for answer in answers {
            assert!(answer.message_id == id || over, "an answer to another request");
            let mut sent = BytesMut::new();
            LdapCodec.encode(answer.clone(), &mut sent).expect("an answer can be sent");
            let read = LdapCodec.decode(&mut sent).expect("it is well-formed");
            assert_eq!(read, Some(answer));
        }
        if over {
            return;
        }
    }
}

/// A request to the lab's Graph: a line with method and URL, then the body. It is answered or refused, and an answer is
/// JSON; a link built for it reads back as the same query.
pub fn lab_graph(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    let (line, body) = text.split_once('\n').unwrap_or((text, ""));
    let (method, url) = line.split_once(' ').unwrap_or(("GET", line));
    let (path, raw) = url.split_once('?').unwrap_or((url, ""));
    let Ok(method) = method.parse::<Method>() else { return };
    let (Ok(segments), Ok(query)) = (request::segments(path), request::query(raw)) else { return };
    let root = "http://127.0.0.1".to_owned();
    let graph = Graph {
        world: SharedWorld::in_memory(TENANT.clone()),
        tokens: Tokens::new(&SECRET.into(), Duration::from_mins(1)),
        throttle: Throttle::new(Manners::default()),
        conditions: Conditions::new(Faults::none(), root.clone()),
        deltas: Deltas::default(),
        on_demand: crate::lab::graph::on_demand::Limit::default(),
        root: root.clone(),
        serial: 0.into(),
    };
    let headers = [("authorization", "Bearer lab"), ("consistencylevel", "eventual")];
    let request = Request {
        method,
        version: Version::Beta,
        root,
        path: format!("/{}", path.trim_start_matches('/')),
        segments,
        query,
        headers: headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into_iter()
            .collect::<BTreeMap<_, _>>(),
        body: Payload::parse(body.as_bytes(), Some("application/json")),
        trace: graph.trace(None),
    };
    let link = request.url_with("$skiptoken", "x");
    let read = request::query(link.rsplit_once('?').map_or("", |(_, query)| query)).expect("its own link is a URL");
    let mut expected: Vec<_> = request.query.iter().filter(|(name, _)| name != "$skiptoken").cloned().collect();
    expected.push(("$skiptoken".to_owned(), "x".to_owned()));
    assert_eq!(read, expected);
    match graph.answer(&request).0 {
        Ok(reply) => {
            if let Body::Json(value) = reply.body {
                let written = serde_json::to_string(&value).expect("it can be sent");
                assert_eq!(serde_json::from_str::<serde_json::Value>(&written).ok(), Some(value));
            }
        }
        Err(refusal) => assert!(refusal.status.is_client_error() || refusal.status.is_server_error()),
    }
}

/// A `$filter`: one that is understood is written and read back as the same, and whatever it says of an object, its
/// negation says the opposite.
pub fn lab_filter(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    let Ok(expr) = parser::parse(text) else { return };
    let written = written(&expr);
    // Written with every parenthesis, it may be too long or too deep to be read again.
    if let Ok(read) = parser::parse(&written) {
        assert_eq!(read, expr, "{written}");
    }
    let object: Object = [
        ("displayName", json!("Jane Doe")),
        ("accountEnabled", json!(true)),
        ("mail", json!(null)),
        ("proxyAddresses", json!(["SMTP:jane@contoso.com", "smtp:j@contoso.com"])),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into_iter()
    .collect();
    let holds = eval::holds(&expr, &object);
    assert_ne!(eval::holds(&Expr::Not(Box::new(expr.clone())), &object), holds);
    for advanced in [false, true] {
        if let Ok(checked) = support::check(expr.clone(), &USER, advanced) {
            let _ = eval::holds(&checked, &object);
        }
    }
}

/// The filter as OData writes it (OData 4.01 URL conventions, section 5.1.1), every part in parentheses.
fn written(expr: &Expr) -> String {
    let join = |parts: &[Expr], word: &str| {
        parts.iter().map(|part| format!("({})", written(part))).collect::<Vec<_>>().join(word)
    };
    match expr {
        Expr::And(parts) => join(parts, " and "),
        Expr::Or(parts) => join(parts, " or "),
        Expr::Not(inner) => format!("not ({})", written(inner)),
        Expr::Compare(name, operator, value) => format!("{name} {} {}", operator.word(), literal(value)),
        Expr::In(name, values) => format!("{name} in ({})", values.iter().map(literal).collect::<Vec<_>>().join(",")),
        Expr::Call(function, name, value) => {
            let word = if *function == Function::StartsWith { "startsWith" } else { "endsWith" };
            format!("{word}({name},{})", quoted(value))
        }
        Expr::Any { name, lambda: None } => format!("{name}/any()"),
        Expr::Any { name, lambda: Some((variable, inner)) } => format!("{name}/any({variable}:({}))", written(inner)),
        Expr::Count(name, operator, number) => format!("{name}/$count {} {number}", operator.word()),
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn literal(value: &Literal) -> String {
    match value {
        Literal::Null => "null".to_owned(),
        Literal::Bool(value) => value.to_string(),
        Literal::Int(value) => value.to_string(),
        Literal::Text(text) => quoted(text),
        Literal::Guid(guid) => guid.clone(),
        Literal::Time(time) => time.to_string(),
    }
}
