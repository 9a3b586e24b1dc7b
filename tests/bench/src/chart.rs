//! Curves as SVG, drawn from the lines that a run kept: axes by what the points span, a legend over the curves, and a background of
//! its own, so that a dark page takes nothing away.

use std::error::Error;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::record::Point;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), Box<dyn Error>>;

const SIZE: (u32, u32) = (760, 440);
/// The curves' frame, in pixels: left, right, top, bottom.
const FRAME: (i32, i32, i32, i32) = (86, 736, 84, 376);
const FONT: &str = "system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif";
const PAPER: RGBColor = RGBColor(255, 255, 255);
const INK: RGBColor = RGBColor(31, 35, 40);
const FAINT: RGBColor = RGBColor(89, 99, 110);
const GRID: RGBColor = RGBColor(226, 230, 235);
/// Told apart by those who see no red or green, too: ours first.
const COLOURS: [RGBColor; 4] = [
    RGBColor(9, 105, 218),
    RGBColor(219, 109, 40),
    RGBColor(17, 122, 101),
    RGBColor(130, 80, 223),
];
/// Values that span more than this are shown on a logarithmic axis.
const DECADES: f64 = 20.0;

/// One chart: all its points, in the order in which they were measured.
///
/// # Errors
/// When there is nothing to draw, or a point that no axis has a place for.
pub fn draw(title: &str, points: &[&Point]) -> Result<String, Box<dyn Error>> {
    let Some(first) = points.first() else {
        return Err(format!("the chart {title:?} has no points").into());
    };
    let across = Axis::of(points.iter().map(|point| point.at))?;
    let up = Axis::of(points.iter().map(|point| point.value))?;
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        area.fill(&PAPER)?;
        text(&area, title, (24, 30), 18, INK, HPos::Left)?;
        frame(&area, &across, &up, &first.axes)?;
        let mut names: Vec<&str> = points.iter().map(|point| point.curve.as_str()).collect();
        names.dedup();
        let mut seen: Vec<&str> = Vec::new();
        for name in names {
            if !seen.contains(&name) {
                seen.push(name);
            }
        }
        let mut left = 24;
        // Ours lies on top of what it is compared with.
        for (index, name) in seen.iter().enumerate().rev() {
            let curve = points.iter().filter(|point| point.curve == *name);
            let places = curve.map(|point| place(&across, &up, point)).collect();
            line(&area, places, COLOURS[index % COLOURS.len()])?;
        }
        for (index, name) in seen.iter().enumerate() {
            let colour = COLOURS[index % COLOURS.len()];
            line(&area, vec![(left, 57), (left + 28, 57)], colour)?;
            text(&area, name, (left + 36, 57), 14, INK, HPos::Left)?;
            left += 36 + 8 * name.chars().count() as i32 + 24;
        }
        area.present()?;
    }
    Ok(svg)
}

/// The lines behind the curves, what they mean, and the titles of the axes.
fn frame(area: &Area<'_>, across: &Axis, up: &Axis, titles: &[String; 2]) -> Drawn {
    let (left, right, top, bottom) = FRAME;
    for tick in up.ticks() {
        let y = up.place(tick, bottom, top);
        area.draw(&PathElement::new(vec![(left, y), (right, y)], GRID))?;
        text(area, &label(tick), (left - 10, y), 13, FAINT, HPos::Right)?;
    }
    for tick in across.ticks() {
        let x = across.place(tick, left, right);
        area.draw(&PathElement::new(vec![(x, top), (x, bottom)], GRID))?;
        text(
            area,
            &label(tick),
            (x, bottom + 16),
            13,
            FAINT,
            HPos::Center,
        )?;
    }
    area.draw(&PathElement::new(
        vec![(left, top), (left, bottom), (right, bottom)],
        FAINT,
    ))?;
    let middle = (left + right) / 2;
    text(
        area,
        &titles[0],
        (middle, bottom + 44),
        14,
        INK,
        HPos::Center,
    )?;
    let style = (FONT, 14).into_font().transform(FontTransform::Rotate270);
    let style = style.color(&INK).pos(Pos::new(HPos::Center, VPos::Center));
    area.draw(&Text::new(
        titles[1].clone(),
        (22, (top + bottom) / 2),
        style,
    ))?;
    Ok(())
}

fn line(area: &Area<'_>, places: Vec<(i32, i32)>, colour: RGBColor) -> Drawn {
    for place in &places {
        area.draw(&Circle::new(*place, 4, colour.filled()))?;
    }
    area.draw(&PathElement::new(places, colour.stroke_width(3)))?;
    Ok(())
}

fn text(
    area: &Area<'_>,
    text: &str,
    at: (i32, i32),
    size: u32,
    colour: RGBColor,
    side: HPos,
) -> Drawn {
    let style = (FONT, size).into_font().color(&colour);
    let style = style.pos(Pos::new(side, VPos::Center));
    area.draw(&Text::new(text.to_owned(), at, style))?;
    Ok(())
}

fn place(across: &Axis, up: &Axis, point: &Point) -> (i32, i32) {
    let (left, right, top, bottom) = FRAME;
    (
        across.place(point.at, left, right),
        up.place(point.value, bottom, top),
    )
}

/// What an axis shows, and how.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Axis {
    from: f64,
    to: f64,
    logarithmic: bool,
}

impl Axis {
    fn of(values: impl Iterator<Item = f64>) -> Result<Self, Box<dyn Error>> {
        let (mut least, mut most) = (f64::INFINITY, 0.0_f64);
        for value in values {
            if !value.is_finite() || value < 0.0 {
                return Err(format!("{value} has no place on an axis").into());
            }
            (least, most) = (least.min(value), most.max(value));
        }
        if most == 0.0 {
            most = 1.0;
        }
        Ok(if least > 0.0 && most / least >= DECADES {
            let air = (most / least).powf(0.05);
            Self {
                from: least / air,
                to: most * air,
                logarithmic: true,
            }
        } else {
            Self {
                from: 0.0,
                to: most * 1.08,
                logarithmic: false,
            }
        })
    }

    fn place(&self, value: f64, from: i32, to: i32) -> i32 {
        let share = if self.logarithmic {
            (value / self.from).ln() / (self.to / self.from).ln()
        } else {
            (value - self.from) / (self.to - self.from)
        };
        from + (share * f64::from(to - from)).round() as i32
    }

    /// Round values, some five of them.
    fn ticks(&self) -> Vec<f64> {
        if !self.logarithmic {
            let rough = self.to / 5.0;
            let power = 10_f64.powf(rough.log10().floor());
            let step = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * power);
            let step = step.into_iter().find(|step| *step >= rough);
            let step = step.unwrap_or(10.0 * power);
            return (0..=(self.to / step) as u32)
                .map(|index| f64::from(index) * step)
                .collect();
        }
        let decades = (self.to / self.from).log10();
        let digits: &[f64] = if decades < 2.7 {
            &[1.0, 2.0, 5.0]
        } else {
            &[1.0]
        };
        let (first, last) = (
            self.from.log10().floor() as i32,
            self.to.log10().ceil() as i32,
        );
        (first..=last)
            .flat_map(|power| digits.iter().map(move |digit| digit * 10_f64.powi(power)))
            .filter(|tick| (self.from..=self.to).contains(tick))
            .collect()
    }
}

/// A value on an axis: `0.5`, `20`, `5 k`, `1 M`.
fn label(value: f64) -> String {
    let (scaled, suffix) = match value {
        value if value >= 1e9 => (value / 1e9, " G"),
        value if value >= 1e6 => (value / 1e6, " M"),
        value if value >= 1e3 => (value / 1e3, " k"),
        value => (value, ""),
    };
    let text = format!("{scaled:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text}{suffix}")
}

#[cfg(test)]
mod tests {
    use super::{Axis, draw, label};
    use crate::record::Point;

    #[test]
    fn axes_are_logarithmic_where_values_span_decades() {
        let axis = Axis::of([100.0, 512_000.0].into_iter()).unwrap();
        assert!(axis.logarithmic);
        assert_eq!(axis.ticks(), [100.0, 1_000.0, 10_000.0, 100_000.0]);
        let axis = Axis::of([80.0, 100.0].into_iter()).unwrap();
        assert!(!axis.logarithmic);
        assert_eq!(axis.ticks(), [0.0, 50.0, 100.0]);
        // One value, none at all above zero, and values that no axis has.
        assert_eq!(Axis::of([0.0].into_iter()).unwrap().to, 1.08);
        for bad in [f64::NAN, f64::INFINITY, -1.0] {
            assert!(Axis::of([bad].into_iter()).is_err());
        }
    }

    #[test]
    fn labels_are_short() {
        let labels = [0.0, 0.05, 20.0, 5_000.0, 1e6].map(label);
        assert_eq!(labels, ["0", "0.05", "20", "5 k", "1 M"]);
    }

    #[test]
    fn a_chart_shows_every_curve_and_text_is_escaped() {
        let point = |curve: &str, at| Point {
            chart: "A < B".into(),
            curve: curve.into(),
            axes: ["bytes".into(), "events/s".into()],
            at,
            value: at * 2.0,
        };
        let points = [
            point("ours", 1.0),
            point("plain & simple", 1.0),
            point("ours", 100.0),
        ];
        let svg = draw("A < B", &points.iter().collect::<Vec<_>>()).unwrap();
        for part in [
            "A &lt; B",
            "ours",
            "plain &amp; simple",
            "events/s",
            "bytes",
        ] {
            assert!(svg.contains(part), "{part} in {svg}");
        }
        assert_eq!(svg.matches("<circle").count(), 3 + 2 * 2);
        assert!(draw("empty", &[]).is_err());
    }
}
