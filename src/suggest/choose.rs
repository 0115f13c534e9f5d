//! Which pairs are proposed: those that are each other's one best.

use super::evidence::Confidence;

/// Two users that look alike, by their places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    /// The AD user's place.
    pub ad: usize,
    /// The cloud user's place.
    pub cloud: usize,
    /// How alike they are.
    pub confidence: Confidence,
    /// Whether their employee ids say that they are two people: then they stand in nobody's way.
    pub contradicted: bool,
}

/// What the other pairs make of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Each is the other's one best.
    Best,
    /// The employee ids differ.
    Contradicted,
    /// One of them, the AD user or not, fits another one equally well.
    Ambiguous {
        /// Whether it is the AD user that does.
        ad: bool,
    },
    /// One of them fits another one better.
    Outdone {
        /// Whether it is the AD user that does.
        ad: bool,
    },
}

/// The best of the pairs of one user.
#[derive(Clone, Copy, Debug, Default)]
struct Best {
    confidence: Option<Confidence>,
    count: usize,
}

impl Best {
    fn meet(&mut self, confidence: Confidence) {
        if self.confidence == Some(confidence) {
            self.count += 1;
        } else if self.confidence < Some(confidence) {
            *self = Self { confidence: Some(confidence), count: 1 };
        }
    }
}

/// Judges every pair, in their order.
pub(super) fn standings(pairs: &[Pair], ad_users: usize, cloud_users: usize) -> Vec<Standing> {
    let (mut ad, mut cloud) = (vec![Best::default(); ad_users], vec![Best::default(); cloud_users]);
    for pair in pairs.iter().filter(|pair| !pair.contradicted) {
        ad[pair.ad].meet(pair.confidence);
        cloud[pair.cloud].meet(pair.confidence);
    }
    let judge = |pair: &Pair| {
        if pair.contradicted {
            return Standing::Contradicted;
        }
        let (of_ad, of_cloud) = (ad[pair.ad], cloud[pair.cloud]);
        if of_ad.confidence > Some(pair.confidence) {
            Standing::Outdone { ad: true }
        } else if of_cloud.confidence > Some(pair.confidence) {
            Standing::Outdone { ad: false }
        } else if of_ad.count > 1 {
            Standing::Ambiguous { ad: true }
        } else if of_cloud.count > 1 {
            Standing::Ambiguous { ad: false }
        } else {
            Standing::Best
        }
    };
    pairs.iter().map(judge).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use Confidence::{Certain, Likely, Possible};
    use proptest::prelude::*;

    fn pair(ad: usize, cloud: usize, confidence: Confidence) -> Pair {
        Pair { ad, cloud, confidence, contradicted: false }
    }

    #[test]
    fn equals_are_ambiguous_and_less_is_outdone() {
        let cases: [(&[Pair], &[Standing]); 6] = [
            (&[pair(0, 0, Possible)], &[Standing::Best]),
            (&[pair(0, 0, Likely), pair(0, 1, Likely)], &[Standing::Ambiguous { ad: true }; 2]),
            (&[pair(0, 0, Likely), pair(1, 0, Likely)], &[Standing::Ambiguous { ad: false }; 2]),
            (&[pair(0, 0, Certain), pair(0, 1, Likely)], &[Standing::Best, Standing::Outdone { ad: true }]),
            (&[pair(0, 0, Likely), pair(1, 0, Certain)], &[Standing::Outdone { ad: false }, Standing::Best]),
            // The second fits only somebody who fits better elsewhere: no proposal, for that is a guess by elimination.
            (
                &[pair(0, 0, Certain), pair(0, 1, Likely), pair(1, 1, Likely)],
                &[Standing::Best, Standing::Outdone { ad: true }, Standing::Ambiguous { ad: false }],
            ),
        ];
        for (pairs, expected) in cases {
            assert_eq!(standings(pairs, 2, 2), expected, "{pairs:?}");
        }
    }

    #[test]
    fn a_contradicted_pair_stands_in_nobodys_way() {
        let contradicted = Pair { contradicted: true, ..pair(0, 0, Certain) };
        assert_eq!(standings(&[contradicted, pair(0, 1, Possible)], 1, 2), [Standing::Contradicted, Standing::Best]);
    }

    proptest! {
        #[test]
        fn nobody_is_in_two_proposals(
            drawn in proptest::collection::vec((0..6_usize, 0..6_usize, 0..3_usize, any::<bool>()), 0..40),
        ) {
            let mut pairs: Vec<Pair> = drawn.into_iter().map(|(ad, cloud, confidence, contradicted)| {
                Pair { ad, cloud, confidence: [Possible, Likely, Certain][confidence], contradicted }
            }).collect();
            pairs.sort_by_key(|pair| (pair.ad, pair.cloud));
            pairs.dedup_by_key(|pair| (pair.ad, pair.cloud));
            let standings = standings(&pairs, 6, 6);
            let best = || pairs.iter().zip(&standings).filter(|(_, standing)| **standing == Standing::Best);
            for (pair, _) in best() {
                prop_assert!(!pair.contradicted);
                prop_assert_eq!(best().filter(|(other, _)| other.ad == pair.ad || other.cloud == pair.cloud).count(), 1);
            }
        }
    }
}
