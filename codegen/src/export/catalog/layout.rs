//! A layered drawing of a directed graph: where nodes stand and how edges run. Knows sizes only; never what a node is.
//!
//! From left to right in columns: edges of cycles are turned round, each node stands right of what points to it, long
//! edges get a place in the columns between, barycentres take out crossings, and each column is then moved to the
//! least-squares best heights. The same input gives the same picture on every machine.

use std::collections::BTreeSet;

/// Height of a node.
pub(super) const NODE_HEIGHT: f64 = 44.0;
const NODE_GAP: f64 = 16.0;
const COLUMN_GAP: f64 = 54.0;
const BAND_GAP: f64 = 26.0;
/// Height that an edge takes in a column that it only passes.
const PASSING_HEIGHT: f64 = 10.0;
const SWEEPS: usize = 12;

/// A point of the picture.
pub(super) type Point = (f64, f64);

/// Places of nodes and arrows.
pub(super) struct Picture {
    pub(super) width: f64,
    pub(super) height: f64,
    /// Number of crossings of arrows.
    pub(super) crossings: usize,
    /// Upper left corners, by node.
    pub(super) nodes: Vec<Point>,
    /// By edge: points from its beginning to its end, in pairs: it is curved from one pair's second point to the next
    /// pair's first and straight inside a pair. First and last point stand alone.
    pub(super) edges: Vec<Vec<Point>>,
}

/// Places nodes of these widths. Edges are pairs of positions in `widths`, without loops and each once.
pub(super) fn place(widths: &[f64], edges: &[(usize, usize)]) -> Picture {
    let forward = without_cycles(widths.len(), edges);
    let columns = columns(widths.len(), &forward);
    let mut grid = Grid::new(widths, &columns, &forward);
    let mut top = 0.0;
    for band in bands(widths.len(), edges) {
        let nodes: BTreeSet<usize> = band.into_iter().collect();
        top = grid.place_band(&nodes, &forward, top) + BAND_GAP;
    }
    grid.picture(edges, &forward, (top - BAND_GAP).max(0.0))
}

/// The edges with those turned round that close a cycle.
fn without_cycles(nodes: usize, edges: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut out = vec![Vec::new(); nodes];
    for (at, (from, _)) in edges.iter().enumerate() {
        out[*from].push(at);
    }
    let has_input: BTreeSet<usize> = edges.iter().map(|(_, to)| *to).collect();
    let sources = (0..nodes).filter(|node| !has_input.contains(node));
    let starts: Vec<usize> = sources.chain(0..nodes).collect();
    let mut forward = edges.to_vec();
    // 0: not seen, 1: on the way down, 2: done.
    let mut state = vec![0_u8; nodes];
    for start in starts {
        if state[start] != 0 {
            continue;
        }
        state[start] = 1;
        let mut stack = vec![(start, 0)];
        while let Some((node, next)) = stack.pop() {
            let Some(edge) = out[node].get(next) else {
                state[node] = 2;
                continue;
            };
            stack.push((node, next + 1));
            let to = edges[*edge].1;
            match state[to] {
                0 => {
                    state[to] = 1;
                    stack.push((to, 0));
                }
                1 => forward[*edge] = (to, node),
                _ => {}
            }
        }
    }
    forward
}

/// The column of each node: one right of the last that points to it. What nothing points to stands just left of what it
/// points to first.
fn columns(nodes: usize, forward: &[(usize, usize)]) -> Vec<usize> {
    let (mut out, mut inputs) = (vec![Vec::new(); nodes], vec![0_usize; nodes]);
    for (from, to) in forward {
        out[*from].push(*to);
        inputs[*to] += 1;
    }
    let mut column = vec![0_usize; nodes];
    let mut waiting = inputs.clone();
    let mut ready: Vec<usize> = (0..nodes).filter(|node| waiting[*node] == 0).collect();
    while let Some(node) = ready.pop() {
        for to in &out[node] {
            column[*to] = column[*to].max(column[node] + 1);
            waiting[*to] -= 1;
            if waiting[*to] == 0 {
                ready.push(*to);
            }
        }
    }
    for node in (0..nodes).filter(|node| inputs[*node] == 0) {
        if let Some(nearest) = out[node].iter().map(|to| column[*to]).min() {
            column[node] = nearest.saturating_sub(1);
        }
    }
    column
}

/// The parts of the graph that are connected, each drawn below the one before.
fn bands(nodes: usize, edges: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let mut beside = vec![Vec::new(); nodes];
    for (from, to) in edges {
        beside[*from].push(*to);
        beside[*to].push(*from);
    }
    let mut seen = vec![false; nodes];
    let mut all = Vec::new();
    for start in 0..nodes {
        if seen[start] {
            continue;
        }
        seen[start] = true;
        let (mut band, mut open) = (Vec::new(), vec![start]);
        while let Some(node) = open.pop() {
            band.push(node);
            for other in &beside[node] {
                if !seen[*other] {
                    seen[*other] = true;
                    open.push(*other);
                }
            }
        }
        all.push(band);
    }
    all
}

/// Nodes and the places where long edges pass a column, which are nodes of no content after the real ones.
struct Grid {
    real: usize,
    widths: Vec<f64>,
    column: Vec<usize>,
    /// Left edge and width of each column.
    at: Vec<(f64, f64)>,
    /// By edge: the places where it passes columns, from its left end to its right end.
    passing: Vec<Vec<usize>>,
    left: Vec<Vec<usize>>,
    right: Vec<Vec<usize>>,
    centre: Vec<f64>,
    crossings: usize,
}

impl Grid {
    fn new(widths: &[f64], columns: &[usize], forward: &[(usize, usize)]) -> Self {
        let mut grid = Self {
            real: widths.len(),
            widths: widths.to_vec(),
            column: columns.to_vec(),
            at: Vec::new(),
            passing: Vec::new(),
            left: vec![Vec::new(); widths.len()],
            right: vec![Vec::new(); widths.len()],
            centre: vec![0.0; widths.len()],
            crossings: 0,
        };
        for (from, to) in forward {
            let mut passing = Vec::new();
            let mut last = *from;
            for column in columns[*from] + 1..columns[*to] {
                let place = grid.add_passing(column);
                grid.connect(last, place);
                passing.push(place);
                last = place;
            }
            grid.connect(last, *to);
            grid.passing.push(passing);
        }
        let mut x = 0.0;
        for column in 0..columns.iter().map(|column| column + 1).max().unwrap_or(0) {
            let of_column = (0..grid.real).filter(|node| columns[*node] == column);
            let width = of_column.map(|node| widths[node]).fold(0.0, f64::max);
            grid.at.push((x, width));
            x += width + COLUMN_GAP;
        }
        grid
    }

    fn add_passing(&mut self, column: usize) -> usize {
        self.widths.push(0.0);
        self.column.push(column);
        self.left.push(Vec::new());
        self.right.push(Vec::new());
        self.centre.push(0.0);
        self.widths.len() - 1
    }

    fn connect(&mut self, from: usize, to: usize) {
        self.right[from].push(to);
        self.left[to].push(from);
    }

    /// Orders and places the nodes of one band below `top`; gives the band's lower edge.
    fn place_band(&mut self, nodes: &BTreeSet<usize>, forward: &[(usize, usize)], top: f64) -> f64 {
        let mut rows = vec![Vec::new(); self.at.len()];
        for node in nodes {
            rows[self.column[*node]].push(*node);
        }
        for (edge, (from, _)) in forward.iter().enumerate() {
            if nodes.contains(from) {
                for place in &self.passing[edge] {
                    rows[self.column[*place]].push(*place);
                }
            }
        }
        let rows = self.with_few_crossings(rows);
        self.set_heights(&rows);
        let used = || rows.iter().flatten().copied();
        let upper = |grid: &Self, node: usize| grid.centre[node] - grid.height(node) / 2.0;
        let least = used()
            .map(|node| upper(self, node))
            .fold(f64::MAX, f64::min);
        for node in used() {
            self.centre[node] += top - least;
        }
        used()
            .map(|node| self.centre[node] + self.height(node) / 2.0)
            .fold(top, f64::max)
    }

    fn height(&self, node: usize) -> f64 {
        if node < self.real {
            NODE_HEIGHT
        } else {
            PASSING_HEIGHT
        }
    }

    /// Sorts columns by the barycentres of their neighbours, from left to right and back; keeps the best order seen.
    fn with_few_crossings(&mut self, mut rows: Vec<Vec<usize>>) -> Vec<Vec<usize>> {
        let mut position = vec![0_usize; self.widths.len()];
        let number = |row: &[usize], position: &mut Vec<usize>| {
            for (at, node) in row.iter().enumerate() {
                position[*node] = at;
            }
        };
        rows.iter().for_each(|row| number(row, &mut position));
        let mut best = (self.crossings(&rows, &position), rows.clone());
        for sweep in 0..SWEEPS {
            let rightwards = sweep % 2 == 0;
            // What has one barycentre stays in either order in turn: one of them may be what the next column needs.
            let turn_ties = sweep / 2 % 2 == 1;
            for step in 0..rows.len() {
                let at = if rightwards {
                    step
                } else {
                    rows.len() - 1 - step
                };
                let beside = if rightwards { &self.left } else { &self.right };
                let centre = |node: usize| match &beside[node][..] {
                    [] => position[node] as f64,
                    near => {
                        near.iter().map(|n| position[*n] as f64).sum::<f64>() / near.len() as f64
                    }
                };
                if turn_ties {
                    rows[at].reverse();
                }
                let mut keyed: Vec<(f64, usize)> =
                    rows[at].iter().map(|node| (centre(*node), *node)).collect();
                keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
                rows[at] = keyed.into_iter().map(|(_, node)| node).collect();
                number(&rows[at], &mut position);
            }
            let crossings = self.crossings(&rows, &position);
            if crossings < best.0 {
                best = (crossings, rows.clone());
            }
        }
        self.crossings += best.0;
        best.1
    }

    fn crossings(&self, rows: &[Vec<usize>], position: &[usize]) -> usize {
        let mut all = 0;
        for row in rows {
            let mut ends: Vec<(usize, usize)> = Vec::new();
            for node in row {
                ends.extend(
                    self.right[*node]
                        .iter()
                        .map(|to| (position[*node], position[*to])),
                );
            }
            for (at, a) in ends.iter().enumerate() {
                let crossed = ends[at + 1..].iter().filter(|b| a.0 < b.0 && a.1 > b.1);
                all += crossed.count();
            }
        }
        all
    }

    /// Moves each column to where its neighbours are, as near as the order and the gaps allow.
    fn set_heights(&mut self, rows: &[Vec<usize>]) {
        for row in rows {
            let mut y = 0.0;
            for node in row {
                self.centre[*node] = y + self.height(*node) / 2.0;
                y += self.height(*node) + NODE_GAP;
            }
        }
        for sweep in 0..2 * SWEEPS {
            for step in 0..rows.len() {
                let at = if sweep % 2 == 0 {
                    step
                } else {
                    rows.len() - 1 - step
                };
                self.settle(&rows[at]);
            }
        }
    }

    fn settle(&mut self, row: &[usize]) {
        let wanted = |node: usize| {
            let near = self.left[node].iter().chain(&self.right[node]);
            let (sum, n) = near.fold((0.0, 0), |(sum, n), other| {
                (sum + self.centre[*other], n + 1)
            });
            if n == 0 {
                self.centre[node]
            } else {
                sum / f64::from(n)
            }
        };
        let mut offset = 0.0;
        let mut offsets = Vec::with_capacity(row.len());
        for (at, node) in row.iter().enumerate() {
            if at > 0 {
                offset += (self.height(row[at - 1]) + self.height(*node)) / 2.0 + NODE_GAP;
            }
            offsets.push(offset);
        }
        let targets = row
            .iter()
            .zip(&offsets)
            .map(|(node, offset)| wanted(*node) - offset);
        let settled = non_decreasing(targets);
        for ((node, offset), value) in row.iter().zip(offsets).zip(settled) {
            self.centre[*node] = value + offset;
        }
    }

    fn picture(self, edges: &[(usize, usize)], forward: &[(usize, usize)], height: f64) -> Picture {
        let left_of = |node: usize| {
            let (x, width) = self.at[self.column[node]];
            x + (width - self.widths[node]) / 2.0
        };
        let routes = edges.iter().zip(forward).zip(&self.passing);
        let routes = routes.map(|((edge, (from, to)), passing)| {
            let mut route = vec![(left_of(*from) + self.widths[*from], self.centre[*from])];
            for place in passing {
                let (x, width) = self.at[self.column[*place]];
                route.extend([(x, self.centre[*place]), (x + width, self.centre[*place])]);
            }
            route.push((left_of(*to), self.centre[*to]));
            if edge.0 != *from {
                route.reverse();
            }
            route
        });
        Picture {
            width: self.at.last().map_or(0.0, |(x, width)| x + width),
            height,
            crossings: self.crossings,
            edges: routes.collect(),
            nodes: (0..self.real)
                .map(|node| (left_of(node), self.centre[node] - NODE_HEIGHT / 2.0))
                .collect(),
        }
    }
}

/// The non-decreasing sequence that is nearest by least squares: neighbours in the wrong order are pooled.
fn non_decreasing(targets: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut pools: Vec<(f64, usize)> = Vec::new();
    for target in targets {
        let mut pool = (target, 1_usize);
        while let Some(before) = pools.last().copied()
            && before.0 / before.1 as f64 >= pool.0 / pool.1 as f64
        {
            pool = (before.0 + pool.0, before.1 + pool.1);
            pools.pop();
        }
        pools.push(pool);
    }
    let spread = |(sum, n): (f64, usize)| std::iter::repeat_n(sum / n as f64, n);
    pools.into_iter().flat_map(spread).collect()
}

#[cfg(test)]
mod tests;
