use super::*;

#[derive(Clone, Debug, PartialEq)]
struct Word(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum By {
    Text,
    FirstLetter,
}

impl Record for Word {
    type Key = By;

    fn keys(&self, each: &mut dyn FnMut(By, &str)) {
        each(By::Text, &self.0);
        each(By::FirstLetter, &self.0[..1]);
    }

    fn identity(&self) -> (By, String) {
        (By::Text, self.0.clone())
    }
}

fn word(text: &str) -> Word {
    Word(text.to_owned())
}

fn numbers(count: usize) -> Table<Word> {
    (0..count).map(|n| Word(format!("{n:05}"))).collect()
}

fn texts<'t>(found: impl Iterator<Item = (Row, &'t Word)>) -> Vec<&'t str> {
    found.map(|(_, word)| word.0.as_str()).collect()
}

#[test]
fn what_is_looked_up_is_what_a_scan_finds_after_any_change() {
    let mut table = numbers(1_000);
    assert_eq!(texts(table.with(By::Text, "00777")), ["00777"]);
    let (row, _) = table.find(By::Text, "00777").unwrap();
    table.replace(row, word("other"));
    assert!(table.find(By::Text, "00777").is_none());
    table.push(word("orange"));
    assert_eq!(texts(table.with(By::FirstLetter, "o")), ["other", "orange"]);
    table.take(row);
    assert_eq!(texts(table.with(By::FirstLetter, "o")), ["orange"]);
    table.retain(|word| word.0 != "00000");
    table.iter_mut().for_each(|word| word.0.insert(0, 'x'));
    assert_eq!(texts(table.with(By::Text, "x00001")), ["x00001"]);
    assert_eq!((table.len(), table[0].0.as_str()), (999, "x00001"));
}

#[test]
fn a_copy_keeps_what_it_was_and_finds_by_its_own_rows() {
    for looked_up_before in [true, false] {
        let mut table = numbers(600);
        if looked_up_before {
            table.find(By::Text, "x");
        }
        let before = table.clone();
        let (row, _) = table.rows().nth(300).unwrap();
        table.update(row, |word| word.0 = "changed".to_owned());
        table.push(word("new"));
        let new = table.rows().last().unwrap().0;
        let mut other = before.clone();
        other.push(word("elsewhere"));

        assert_eq!(texts(before.with(By::Text, "00300")), ["00300"]);
        assert!(before.find(By::Text, "changed").is_none() && before.find(By::Text, "elsewhere").is_none());
        assert_eq!((texts(table.with(By::Text, "new")), other.find(By::Text, "new")), (vec!["new"], None));
        assert_eq!(texts(other.with(By::Text, "elsewhere")), ["elsewhere"]);
        assert_eq!(table.changes_since(&before).collect::<Vec<_>>(), [row, new]);
        assert_ne!(table, before);
        table.update(row, |word| word.0 = "00300".to_owned());
        table.take(new);
        assert_eq!(table.changes_since(&before).count(), 0);
        assert_eq!(table, before);
    }
}

#[test]
fn gaps_are_passed_over() {
    let mut table = numbers(700);
    let (row, _) = table.rows().nth(400).unwrap();
    assert_eq!(table.remove(400).0, "00400");
    assert_eq!(table.remove(400).0, "00401");
    assert_eq!((table.get(row), table[400].0.as_str(), table.len()), (None, "00402", 698));
    table.replace(row, word("back"));
    assert_eq!(table.get(row), None);
    assert_eq!(texts(table.rows_from(Some(row))).first(), Some(&"00402"));
    assert_eq!(table.iter().count(), 698);
    assert_eq!(table.clone().into_iter().count(), 698);
    assert_eq!(table.rows().count(), table.rows_from(Some(Table::<Word>::after(row))).count() + 400);
}
