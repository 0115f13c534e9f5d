use super::*;
use crate::model::ad::Octets;
use crate::model::anchor::ImmutableId;
use crate::plan::testing::{Scene, ad, cloud, linked};

/// A synced user whose ImmutableID is the one or the other, and whose `mS-DS-ConsistencyGuid` is set or not.
fn synced(scene: Scene, name: &str, consistency: Option<&str>, immutable_id: &str) -> Scene {
    let octets = |of: &str| Anchor::from_guid(ad(of).guid).octets().to_vec();
    let user = AdUser { consistency_guid: consistency.map(|of| Octets(octets(of))), ..ad(name) };
    let id = Anchor::from_guid(ad(immutable_id).guid).to_base64();
    let cloud = EntraUser { immutable_id: Some(ImmutableId(id)), ..linked(cloud(name), &user) };
    scene.ad(user).cloud(cloud)
}

fn judge(scene: &Scene) -> (Conclusion, [usize; 4]) {
    let index = Index::new(&scene.snapshot, |_| SourceAnchor::ConsistencyGuid);
    let all = evidence(&index);
    let found = all.get(&"corp".into()).copied().unwrap_or_default();
    let counts = [found.consistency_guid, found.object_guid, found.either, found.neither].map(|sample| sample.count);
    (found.conclusion(), counts)
}

// rule: 4.1-in-force, 4.1-attribute
#[test]
fn each_synced_user_is_counted_once_by_what_it_shows() {
    let one = |consistency, id| judge(&synced(Scene::empty(), "a", consistency, id));
    assert_eq!(one(Some("x"), "x"), (Conclusion::Proven(SourceAnchor::ConsistencyGuid), [1, 0, 0, 0]));
    assert_eq!(one(Some("x"), "a"), (Conclusion::Proven(SourceAnchor::ObjectGuid), [0, 1, 0, 0]));
    assert_eq!(one(Some("a"), "a"), (Conclusion::Open, [0, 0, 1, 0]), "written back by the engine: no evidence");
    assert_eq!(one(None, "a"), (Conclusion::Open, [0, 0, 1, 0]), "empty: both settings give the same anchor");
    assert_eq!(one(Some("x"), "y"), (Conclusion::Other, [0, 0, 0, 1]));
    assert_eq!(one(None, "y"), (Conclusion::Other, [0, 0, 0, 1]));
}

#[test]
fn a_minority_that_shows_neither_decides_nothing() {
    let scene = synced(synced(Scene::empty(), "a", Some("x"), "x"), "b", None, "y");
    assert_eq!(judge(&scene), (Conclusion::Proven(SourceAnchor::ConsistencyGuid), [1, 0, 0, 1]));
}

#[test]
fn both_attributes_in_force_is_no_conclusion() {
    let scene = synced(synced(Scene::empty(), "a", Some("x"), "x"), "b", Some("y"), "b");
    assert_eq!(judge(&scene).0, Conclusion::Mixed);
}

#[test]
fn who_is_not_synced_or_not_from_here_is_no_sample() {
    let user = AdUser { consistency_guid: Some(Octets(vec![1; 16])), ..ad("a") };
    let cloud_only = EntraUser { sync_enabled: None, ..linked(cloud("a"), &user) };
    assert_eq!(judge(&Scene::empty().ad(user.clone()).cloud(cloud_only)), (Conclusion::Unseen, [0; 4]));
    // Its AD user lies in a forest that was not read.
    assert_eq!(judge(&Scene::empty().cloud(linked(cloud("a"), &user))), (Conclusion::Unseen, [0; 4]));
}

// rule: 4.1-in-force
#[test]
fn the_example_contradicts_the_setting() {
    let scene = synced(synced(Scene::empty(), "a", Some("x"), "x"), "b", Some("y"), "b");
    let index = Index::new(&scene.snapshot, |_| SourceAnchor::ConsistencyGuid);
    let all = evidence(&index);
    let found = &all[&"corp".into()];
    let example = |setting| found.against(setting).map(|(ad, _)| ad.sam.to_string());
    assert_eq!(example(SourceAnchor::ConsistencyGuid).as_deref(), Some("b"));
    assert_eq!(example(SourceAnchor::ObjectGuid).as_deref(), Some("a"));
}
