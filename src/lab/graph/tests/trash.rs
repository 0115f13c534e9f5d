use super::harness::{Lab, user_id, world};
use serde_json::json;

const BIN: &str = "/directory/deletedItems";

#[tokio::test]
async fn the_bin_is_read_with_a_cast() {
    let lab = Lab::start(world(1)).await;
    for cast in ["microsoft.graph.user", "graph.user"] {
        let seen = lab.get(&format!("{BIN}/{cast}?$select=id,userPrincipalName,deletedDateTime")).await;
        assert_eq!(seen.column("id"), [user_id(9100)], "{cast}");
        assert_eq!(seen.column("deletedDateTime"), ["2026-08-01T00:00:00Z"]);
    }
    assert_eq!(lab.get(BIN).await.status, 400);
    let one = lab.get(&format!("{BIN}/{}", user_id(9100))).await;
    assert_eq!(one.body["@odata.type"], "#microsoft.graph.user");
    assert_eq!(lab.get(&format!("/users/{}", user_id(9100))).await.status, 404);
}

#[tokio::test]
async fn a_restored_user_has_its_name_again() {
    let lab = Lab::start(world(1)).await;
    let seen = lab.post(&format!("{BIN}/{}/restore", user_id(9100)), json!({})).await;
    assert_eq!((seen.status, seen.body["userPrincipalName"].as_str()), (200, Some("gone@contoso.com")));
    assert_eq!(lab.get("/users/gone@contoso.com").await.status, 200);
    assert_eq!(lab.get(&format!("{BIN}/{}", user_id(9100))).await.status, 404);
}

#[tokio::test]
async fn a_restore_that_would_clash_is_refused_or_reconciled() {
    let mut clash = world(1);
    clash.entra.users[0].user_principal_name = "gone@contoso.com".to_owned();
    clash.entra.users[0].proxy_addresses.push("smtp:gone@contoso.com".to_owned());
    let lab = Lab::start(clash).await;
    let path = format!("{BIN}/{}/restore", user_id(9100));
    let name = "Another object with the same value for property userPrincipalName already exists.";
    assert_eq!(lab.post(&path, json!({})).await.message(), name);
    let renamed = json!({ "newUserPrincipalName": "back@contoso.com" });
    assert!(lab.post(&path, renamed).await.message().contains("proxyAddresses"));
    let reconciled = json!({ "newUserPrincipalName": "back@contoso.com", "autoReconcileProxyConflict": true });
    assert_eq!(lab.post(&path, reconciled).await.status, 200);
    let kept = lab.get("/users/back@contoso.com?$select=proxyAddresses").await;
    assert_eq!(kept.body["proxyAddresses"], json!(["smtp:alias+gone@contoso.com"]));
}

#[tokio::test]
async fn a_purged_user_is_gone_for_ever() {
    let lab = Lab::start(world(1)).await;
    assert_eq!(lab.delete(&format!("{BIN}/{}", user_id(9100))).await.status, 204);
    assert_eq!(lab.get(&format!("{BIN}/{}", user_id(9100))).await.status, 404);
    assert!(lab.world.read(|w| w.entra.deleted_users.is_empty()));
    let mut poor = world(1);
    poor.entra.caller.permissions = vec!["User.Read.All".to_owned()];
    let lab = Lab::start(poor).await;
    assert_eq!(lab.delete(&format!("{BIN}/{}", user_id(9100))).await.status, 403);
}
