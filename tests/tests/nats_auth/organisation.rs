//! The example organisation, each service with its own password, doing all of its work.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_runtime::{Bus, Delivery, Error, Failure, ListenReport, Shutdown, Uuid};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::contracts::billing::{Money, PaymentCreated};
use crate::contracts::notifications::SmsNotificationCreated;
use crate::contracts::profiles::{Contact, PhoneContact, ProfileViewed, UserInfoAvailed};
use crate::contracts::scheduling::{Channel, UserScheduleCreated};
use crate::contracts::services::{billing, foobar, gateway, notifier};
use crate::contracts::shop::orders::{CashPayment, OrderLine, OrderPlaced, PaymentMethod, Region};
use crate::{Place, contracts};

/// What this schedule leads to is a dead letter, the first time.
const POISON: &str = "poison";

/// What the handlers of all services saw.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<BTreeSet<&'static str>>>);

impl Seen {
    fn add(&self, what: &'static str) {
        self.0.lock().unwrap().insert(what);
    }

    fn has(&self, what: &[&str]) -> bool {
        let seen = self.0.lock().unwrap();
        what.iter().all(|what| seen.contains(what))
    }
}

/// A service that does its part of the organisation's work.
struct Worker {
    bus: Bus,
    seen: Seen,
}

impl foobar::Handlers for Worker {
    async fn user_schedule_created(
        &self,
        delivery: Delivery<UserScheduleCreated>,
    ) -> Result<(), Failure> {
        let schedule = delivery.event;
        if schedule.note.as_deref() == Some(POISON) {
            if delivery.meta.redriven {
                self.seen.add("a redriven dead letter");
                return Ok(());
            }
            return Err(Failure::dead("poison"));
        }
        self.seen.add("a schedule");
        let viewed = ProfileViewed {
            user_id: schedule.user_id,
            viewed_at: schedule.starts_at,
        };
        viewed.emit(&self.bus).await?;
        let profile = UserInfoAvailed {
            schedule_id: schedule.schedule_id,
            user_id: schedule.user_id,
            display_name: "A user".to_owned(),
            contact: Contact::Phone(PhoneContact {
                number: "+4930123456".to_owned(),
            }),
        };
        profile.publish(&self.bus).await?;
        Ok(())
    }
}

impl notifier::Handlers for Worker {
    async fn user_info_availed(&self, delivery: Delivery<UserInfoAvailed>) -> Result<(), Failure> {
        self.seen.add("a profile");
        let sms = sms(delivery.event.schedule_id, delivery.event.user_id);
        sms.publish(&self.bus).await?;
        Ok(())
    }

    async fn payment_created(&self, delivery: Delivery<PaymentCreated>) -> Result<(), Failure> {
        self.seen.add("a payment");
        let sms = sms(delivery.event.payment_id, delivery.event.user_id);
        sms.publish(&self.bus).await?;
        Ok(())
    }
}

impl gateway::Handlers for Worker {
    async fn sms_notification_created(
        &self,
        _: Delivery<SmsNotificationCreated>,
    ) -> Result<(), Failure> {
        self.seen.add("a text message");
        Ok(())
    }

    async fn profile_viewed(&self, _: Delivery<ProfileViewed>) -> Result<(), Failure> {
        self.seen.add("an ephemeral event");
        Ok(())
    }
}

impl billing::Handlers for Worker {
    async fn order_placed(&self, delivery: Delivery<OrderPlaced>) -> Result<(), Failure> {
        self.seen.add("an order");
        let order = delivery.event;
        let payment = PaymentCreated {
            payment_id: order.order_id,
            user_id: order.customer_id,
            amount: money(),
            paid_at: order.placed_at,
            order_id: Some(order.order_id),
        };
        payment.publish(&self.bus).await?;
        Ok(())
    }
}

fn money() -> Money {
    Money {
        currency: "EUR".to_owned(),
        amount_minor: 100,
    }
}

fn sms(about: Uuid, user_id: Uuid) -> SmsNotificationCreated {
    SmsNotificationCreated {
        notification_id: about.to_string(),
        user_id,
        to: None,
        text: "Hello".to_owned(),
    }
}

fn schedule(note: Option<&str>) -> UserScheduleCreated {
    UserScheduleCreated {
        schedule_id: Uuid::now_v7(),
        user_id: Uuid::now_v7(),
        starts_at: "2024-02-29T12:30:00Z".parse().unwrap(),
        channels: vec![Channel::Sms],
        note: note.map(str::to_owned),
    }
}

fn order() -> OrderPlaced {
    OrderPlaced {
        order_id: Uuid::now_v7(),
        customer_id: Uuid::now_v7(),
        region: Region::Eu,
        sequence: 1,
        placed_at: "2024-02-29T12:30:00Z".parse().unwrap(),
        lines: vec![OrderLine {
            sku: "a".to_owned(),
            quantity: 1,
            price: money(),
        }],
        tax_by_region: BTreeMap::new(),
        payment: PaymentMethod::Cash(CashPayment {
            change_for_minor: None,
        }),
    }
}

type Listening = JoinHandle<Result<ListenReport, Error>>;

/// All services at work, each with its own user, until every kind of event has reached every handler.
pub async fn the_organisation_works(place: &Place) {
    let operator = place.bus("operator").await;
    event_operate::ensure(&operator, &contracts::STREAMS)
        .await
        .unwrap();
    let (seen, stop) = (Seen::default(), Shutdown::new());
    let mut buses = BTreeMap::new();
    for name in [
        "scheduler",
        "foobar",
        "notifier",
        "gateway",
        "billing",
        "shop",
    ] {
        buses.insert(name, place.bus(name).await);
    }
    let worker = |name: &str| Worker {
        bus: buses[name].clone(),
        seen: seen.clone(),
    };
    let mut listening: Vec<Listening> = Vec::new();
    macro_rules! listen {
        ($($service:ident),*) => {$({
            let name = stringify!($service);
            let (bus, worker, stop) = (buses[name].clone(), worker(name), stop.clone());
            listening.push(tokio::spawn(async move { $service::listen(&bus, worker, stop).await }));
        })*};
    }
    listen!(foobar, notifier, gateway, billing);
    schedule(Some(POISON))
        .publish(&buses["scheduler"])
        .await
        .unwrap();
    let wanted = [
        "a schedule",
        "a profile",
        "a payment",
        "a text message",
        "an ephemeral event",
        "an order",
        "a redriven dead letter",
    ];
    let all = timeout(Duration::from_secs(30), async {
        let mut redriven = false;
        while !seen.has(&wanted) {
            schedule(None).publish(&buses["scheduler"]).await.unwrap();
            order().publish(&buses["shop"]).await.unwrap();
            // The dead letter is the first message of its stream, as soon as it is there.
            redriven = redriven || operator.redrive(1, 1).await.is_ok();
            sleep(Duration::from_millis(100)).await;
        }
    });
    assert!(all.await.is_ok(), "only {:?}", seen.0.lock().unwrap());
    stop.stop();
    for listener in listening {
        let report = listener.await.unwrap().unwrap();
        assert_eq!(report.failed, 0, "{report:?}");
    }
    for (name, bus) in buses {
        assert_eq!(
            bus.stats().refused,
            0,
            "{name} was refused something that it needs"
        );
        assert_eq!(
            bus.clone().close(Duration::from_secs(5)).await.abandoned,
            0,
            "{name}"
        );
        assert_eq!(
            bus.stats().refused,
            0,
            "{name} was refused something at its end"
        );
    }
}
