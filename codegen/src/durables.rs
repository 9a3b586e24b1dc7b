//! The durable consumers of a service: on which streams, under which names, delivering what. The one place that knows it.

use crate::model::{Contracts, Event, EventId, Service, StreamId};

/// One durable consumer of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Durable {
    /// The stream.
    pub stream: StreamId,
    /// Its name: the queue group, with `-p<N>` for a partition.
    pub name: String,
    /// The partition, for events with a key.
    pub partition: Option<u32>,
    /// The events that it delivers.
    pub events: Vec<EventId>,
    /// The subjects of these events, `*` for each placeholder, in the same order.
    pub filters: Vec<String>,
    /// How many deliveries may be unacknowledged: one of a partition, for its order.
    pub max_in_flight: u32,
}

impl Contracts {
    /// The durables of a service: per stream one for all events without a key, and one per partition for those with one.
    #[must_use]
    pub fn durables(&self, service: &Service) -> Vec<Durable> {
        let mut all = Vec::new();
        // By stream, in the order of the streams; of one stream as they are delivered.
        let mut stored: Vec<(StreamId, EventId)> = self
            .delivered(service)
            .iter()
            .filter_map(|delivered| {
                let stream = self[delivered.event].stream.as_ref()?;
                Some((stream.value?, delivered.event))
            })
            .collect();
        stored.sort_by_key(|(stream, _)| stream.0);
        for events in stored.chunk_by(|(a, _), (b, _)| a == b) {
            let Some((id, _)) = events.first().copied() else {
                continue;
            };
            let stream = &self[id];
            let (keyed, free): (Vec<EventId>, Vec<EventId>) = events
                .iter()
                .map(|(_, event)| *event)
                .partition(|event| self[*event].key.is_some());
            let filters = |events: &[EventId], filter: &dyn Fn(&Event) -> String| {
                events.iter().map(|event| filter(&self[*event])).collect()
            };
            if !free.is_empty() {
                all.push(Durable {
                    stream: id,
                    name: service.group().to_owned(),
                    partition: None,
                    filters: filters(&free, &|event| event.subject.pattern()),
                    events: free,
                    max_in_flight: service.in_flight(),
                });
            }
            let partitions = stream.partitions.as_ref().map_or(0, |n| n.value);
            for partition in 0..if keyed.is_empty() { 0 } else { partitions } {
                all.push(Durable {
                    stream: id,
                    name: format!("{}-p{partition}", service.group()),
                    partition: Some(partition),
                    filters: filters(&keyed, &|event| event.subject.partition_pattern(partition)),
                    events: keyed.clone(),
                    max_in_flight: 1,
                });
            }
        }
        all
    }
}
