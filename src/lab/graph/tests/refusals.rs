//! What Graph refuses, and so must the lab: each with its status and its code.

use super::harness::{GA, Lab, USER_ADMIN, caller_is, user_id, world};
use crate::lab::world::World;
use reqwest::Method;
use serde_json::{Value, json};

const REFUSED: (u16, &str) = (400, "Request_BadRequest");
const DENIED: (u16, &str) = (403, "Authorization_RequestDenied");

async fn patch(lab: &Lab, number: usize, body: Value) -> (u16, String) {
    let seen = lab.patch(&format!("/users/{}", user_id(number)), body).await;
    (seen.status, seen.code().to_owned())
}

fn is(seen: &(u16, String), expected: (u16, &str)) -> bool {
    (seen.0, seen.1.as_str()) == expected
}

#[tokio::test]
async fn addresses_are_read_only() {
    let lab = Lab::start(world(1)).await;
    let before = lab.world.read(Clone::clone);
    for value in [json!([]), json!(["SMTP:new@contoso.com"]), Value::Null] {
        assert!(is(&patch(&lab, 1, json!({ "proxyAddresses": value })).await, REFUSED));
    }
    assert!(lab.world.read(|w| w.entra.users == before.entra.users));
}

#[tokio::test]
async fn the_empty_text_is_not_null() {
    let lab = Lab::start(world(1)).await;
    for name in ["onPremisesImmutableId", "mail", "userPrincipalName", "givenName"] {
        let seen = lab.patch(&format!("/users/{}", user_id(1)), json!({ name: "" })).await;
        assert_eq!((seen.status, seen.code()), REFUSED, "{name}");
        assert!(seen.message().contains(name), "{}", seen.message());
    }
    let path = format!("/beta/users/{}", user_id(9004));
    let stamp = lab.patch(&path, json!({ "onPremisesObjectIdentifier": "" })).await;
    assert_eq!((stamp.status, stamp.code()), REFUSED);
    assert_eq!(patch(&lab, 1, json!({ "onPremisesImmutableId": null })).await.0, 204);
}

#[tokio::test]
async fn a_synced_users_immutable_id_cannot_be_set() {
    let lab = Lab::start(world(1)).await;
    for value in [Value::Null, json!("GGhsjYwBEU+buBsE4sqhtg==")] {
        assert!(is(&patch(&lab, 9004, json!({ "onPremisesImmutableId": value })).await, REFUSED));
    }
}

/// A tenant in which `u1` is only eligible for Global Administrator, `u2` is a member and `u3` an owner of a
/// role-assignable group, `u4` is a member of an ordinary one.
fn tenant() -> World {
    let mut json = serde_json::to_value(world(5)).unwrap();
    let entra = &mut json["entra"];
    entra["roleEligibilitySchedules"] = json!([{ "id": "e", "principalId": user_id(1), "roleDefinitionId": GA }]);
    entra["groups"].as_array_mut().unwrap().extend([
        json!({
            "id": "00007010-0000-4000-8000-000000000000", "displayName": "Admins", "isAssignableToRole": true,
            "members": [user_id(2)], "owners": [user_id(3)],
        }),
        json!({ "id": "00007011-0000-4000-8000-000000000000", "displayName": "Readers", "members": [user_id(4)] }),
    ]);
    serde_json::from_value(json).unwrap()
}

#[tokio::test]
async fn sensitive_actions_need_a_role_that_reaches_the_target() {
    for (roles, app_only) in [(&[USER_ADMIN][..], false), (&[][..], true)] {
        let mut world = tenant();
        caller_is(&mut world, "u5", roles);
        world.entra.caller.app_only = app_only;
        let lab = Lab::start(world).await;
        let anchor = |n: usize| json!({ "onPremisesImmutableId": format!("AAAAAAAAAAAAAAAAAAAAA{n}==") });
        assert_eq!(patch(&lab, 1, anchor(1)).await.0, 204, "an eligibility is no role yet");
        assert!(is(&patch(&lab, 2, anchor(2)).await, DENIED), "a member of a role-assignable group");
        assert!(is(&patch(&lab, 3, anchor(3)).await, DENIED), "an owner of a role-assignable group");
        assert_eq!(patch(&lab, 4, anchor(4)).await.0, 204, "a member of an ordinary group");
        assert!(is(&patch(&lab, 9001, anchor(5)).await, DENIED), "a Global Administrator");
        for body in [json!({ "accountEnabled": false }), json!({ "userPrincipalName": "x@contoso.com" })] {
            assert!(is(&patch(&lab, 2, body).await, DENIED));
        }
    }
}

#[tokio::test]
async fn privileged_authentication_administrators_reach_everybody() {
    let mut world = tenant();
    caller_is(&mut world, "u5", &["7be44c8a-adaf-4e2a-84d6-ab2649e08a13"]);
    let lab = Lab::start(world).await;
    for (n, digit) in [(2, 'Q'), (3, 'g'), (9001, 'w')] {
        let anchor = format!("AAAAAAAAAAAAAAAAAAAAA{digit}==");
        assert_eq!(patch(&lab, n, json!({ "onPremisesImmutableId": anchor })).await.0, 204);
    }
}

#[tokio::test]
async fn without_any_role_a_person_changes_nothing() {
    let mut world = tenant();
    caller_is(&mut world, "u5", &[]);
    let lab = Lab::start(world).await;
    let anchor = json!({ "onPremisesImmutableId": "AAAAAAAAAAAAAAAAAAAAAA==" });
    assert!(is(&patch(&lab, 4, anchor).await, DENIED));
    let restore = format!("/directory/deletedItems/{}", user_id(9100));
    let seen = lab.send(Method::DELETE, &restore, &[], None).await;
    assert_eq!((seen.status, seen.code()), DENIED);
}
