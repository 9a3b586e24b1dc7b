//! Nothing overlaps, arrows keep their direction, and small graphs come out without crossings.

use super::*;

/// No two nodes of a picture touch.
fn assert_apart(picture: &Picture, widths: &[f64]) {
    for (a, (ax, ay)) in picture.nodes.iter().enumerate() {
        assert!(*ax >= 0.0 && *ay >= -0.001, "{ax} {ay}");
        assert!(ax + widths[a] <= picture.width + 0.001);
        assert!(ay + NODE_HEIGHT <= picture.height + 0.001);
        for (b, (bx, by)) in picture.nodes.iter().enumerate().skip(a + 1) {
            let beside = ax + widths[a] < *bx || bx + widths[b] < *ax;
            assert!(beside || (ay - by).abs() >= NODE_HEIGHT, "{a} and {b}");
        }
    }
}

#[test]
fn a_chain_is_a_straight_line() {
    let picture = place(&[50.0, 80.0, 50.0], &[(0, 1), (1, 2)]);
    assert_apart(&picture, &[50.0, 80.0, 50.0]);
    assert!(picture.nodes.iter().all(|(_, y)| *y == picture.nodes[0].1));
    assert!(picture.nodes.is_sorted_by(|a, b| a.0 < b.0));
}

#[test]
fn cycles_end_and_keep_their_direction() {
    let edges = [(0, 1), (1, 2), (2, 3), (3, 0), (1, 0)];
    let picture = place(&[40.0; 4], &edges);
    assert_apart(&picture, &[40.0; 4]);
    for ((from, _), route) in edges.iter().zip(&picture.edges) {
        let (x, y) = picture.nodes[*from];
        let (start_x, start_y) = route[0];
        assert_eq!(start_y, y + NODE_HEIGHT / 2.0);
        assert!(start_x == x || start_x == x + 40.0);
    }
}

#[test]
fn two_crossed_edges_are_uncrossed() {
    let picture = place(&[40.0; 4], &[(0, 3), (1, 2), (0, 1)]);
    assert_apart(&picture, &[40.0; 4]);
    let picture = place(&[40.0; 5], &[(0, 3), (1, 2), (4, 2), (4, 3), (0, 2)]);
    assert_apart(&picture, &[40.0; 5]);
    let k = place(&[40.0; 4], &[(0, 3), (1, 2)]);
    assert!((k.nodes[0].1 < k.nodes[1].1) == (k.nodes[3].1 < k.nodes[2].1));
}

/// Only one of the two orders of 3 and 4, which have one barycentre, lets everything right of them run uncrossed.
#[test]
fn ties_are_tried_in_both_orders() {
    let edges = [
        (0, 2),
        (1, 3),
        (2, 4),
        (2, 5),
        (3, 6),
        (4, 7),
        (6, 7),
        (7, 8),
        (5, 9),
        (8, 9),
    ];
    let picture = place(&[40.0; 10], &edges);
    let y = |node: usize| picture.nodes[node].1;
    assert!((y(2) < y(3)) == (y(4) < y(6)));
    assert!((y(4) < y(6)) == (y(5) < y(4)));
}

#[test]
fn nothing_and_lone_nodes() {
    assert_eq!(place(&[], &[]).height, 0.0);
    assert_apart(&place(&[10.0, 20.0, 30.0], &[]), &[10.0, 20.0, 30.0]);
}

#[test]
fn many_random_graphs_have_no_overlap() {
    let mut seed = 7_u64;
    let mut next = |limit: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) as usize % limit
    };
    for _ in 0..60 {
        let n = 2 + next(30);
        let widths: Vec<f64> = (0..n).map(|_| 40.0 + next(100) as f64).collect();
        let edges: BTreeSet<(usize, usize)> = (0..next(60)).map(|_| (next(n), next(n))).collect();
        let edges: Vec<_> = edges.into_iter().filter(|(a, b)| a != b).collect();
        let picture = place(&widths, &edges);
        assert_apart(&picture, &widths);
        assert_eq!(picture.edges.len(), edges.len());
    }
}

#[test]
fn pools_are_least_squares() {
    assert_eq!(
        non_decreasing([3.0, 1.0, 2.0, 9.0].into_iter()),
        [2.0, 2.0, 2.0, 9.0]
    );
}
