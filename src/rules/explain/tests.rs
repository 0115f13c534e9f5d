use super::catalogue::page;
use super::source;
use super::topic::Topic;
use std::collections::BTreeSet;

#[test]
fn names_are_unique_whatever_their_case() {
    let names: Vec<String> = Topic::all().map(|topic| topic.as_str().to_lowercase()).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
}

#[test]
fn every_page_says_everything() {
    for topic in Topic::all() {
        let page = page(topic);
        for (part, text) in [("title", page.title), ("meaning", page.means), ("cause", page.cause)] {
            assert!(!text.trim().is_empty(), "{topic} has no {part}");
        }
        assert!(!page.title.ends_with('.'), "the title of {topic} is no sentence");
        assert!(!page.see.is_empty(), "{topic} does not say how to see it");
        assert!(!page.fix.is_empty(), "{topic} does not say what to do");
        assert!(!page.related.contains(&topic), "{topic} leads to itself");
        let texts = page.see.iter().chain(page.fix).map(|step| step.text).chain([page.title, page.means, page.cause]);
        for text in texts.chain(page.unconfirmed) {
            assert!(!text.contains("  ") && text.trim() == text, "{topic}: blanks in {text:?}");
        }
        if !matches!(topic, Topic::Finding(_)) {
            assert!(!page.sources.is_empty(), "{topic} is Microsoft's and names no source");
        }
    }
}

#[test]
fn no_page_serves_two_topics() {
    let pages: Vec<*const super::page::Page> = Topic::all().map(|topic| std::ptr::from_ref(page(topic))).collect();
    assert_eq!(pages.iter().collect::<BTreeSet<_>>().len(), pages.len());
}

#[test]
fn every_source_is_a_public_page_and_used() {
    let used: BTreeSet<&str> = Topic::all().flat_map(|topic| page(topic).sources).map(|source| source.url).collect();
    for source in source::ALL {
        assert!(source.url.starts_with("https://"), "{}", source.url);
        assert!(used.contains(source.url), "no page names {}", source.title);
    }
}
