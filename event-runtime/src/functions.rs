//! The functions of an event that need a connection: `publish`, `enqueue`, `emit` and `subscribe`.
//!
//! The derive names items of event-wire and this macro, which event-wire itself expands to nothing: so types alone need no runtime.

/// Adds the functions to an event and to its filter.
///
/// They are plain functions that return the bus's future: an `async fn` of one line is a coroutine of its own, and each event has
/// three.
#[doc(hidden)]
#[macro_export]
macro_rules! __event_functions {
    (1 stored $event:ident [$($deprecated:tt)*] $($filter:ident)?) => {
        #[allow(dead_code, deprecated)]
        impl $event {
            /// Publishes this event and waits until the stream has acknowledged it.
            ///
            /// # Errors
            /// When it cannot be published or was not stored; publishing it again is safe if it has an id.
            $($deprecated)*
            pub fn publish<'a>(
                &'a self,
                bus: &'a $crate::Bus,
            ) -> impl ::core::future::Future<Output = ::core::result::Result<$crate::Receipt, $crate::Error>> + use<'a> {
                bus.publish(self)
            }

            /// Publishes this event without waiting for the acknowledgement: that comes with the returned `Pending`.
            ///
            /// # Errors
            /// When it cannot be published.
            $($deprecated)*
            pub fn enqueue<'a>(
                &'a self,
                bus: &'a $crate::Bus,
            ) -> impl ::core::future::Future<Output = ::core::result::Result<$crate::Pending, $crate::Error>> + use<'a> {
                bus.enqueue(self)
            }
        }
        $crate::__event_functions!(1 subscribed $event [] $($filter)?);
    };
    (1 ephemeral $event:ident [$($deprecated:tt)*] $($filter:ident)?) => {
        #[allow(dead_code, deprecated)]
        impl $event {
            /// Sends this event to the current subscribers, without an acknowledgement.
            ///
            /// # Errors
            /// When it cannot be sent.
            $($deprecated)*
            pub fn emit<'a>(
                &'a self,
                bus: &'a $crate::Bus,
            ) -> impl ::core::future::Future<Output = ::core::result::Result<(), $crate::Error>> + use<'a> {
                bus.emit(self)
            }
        }
        $crate::__event_functions!(1 subscribed $event [] $($filter)?);
    };
    (1 stored_elsewhere $event:ident [$message:tt $label:tt $note:tt] $($filter:ident)?) => {
        const _: () = {
            // Nothing implements it; with the lifetime of a call, it is looked at where somebody calls, and not here.
            #[doc(hidden)]
            #[diagnostic::on_unimplemented(message = $message, label = $label, note = $note)]
            pub trait __Published<'a> {
                fn never<T>(&'a self) -> ::core::future::Ready<::core::result::Result<T, $crate::Error>>;
            }
            #[allow(dead_code, private_bounds, missing_docs)]
            impl $event {
                    #[doc(hidden)]
                    pub fn publish<'a>(
                        &'a self,
                        _: &'a $crate::Bus,
                    ) -> ::core::future::Ready<::core::result::Result<$crate::Receipt, $crate::Error>>
                    where
                        Self: __Published<'a>,
                    {
                        __Published::never(self)
                    }
                    #[doc(hidden)]
                    pub fn enqueue<'a>(
                        &'a self,
                        _: &'a $crate::Bus,
                    ) -> ::core::future::Ready<::core::result::Result<$crate::Pending, $crate::Error>>
                    where
                        Self: __Published<'a>,
                    {
                        __Published::never(self)
                    }
            }
        };
        $crate::__event_functions!(1 subscribed $event [] $($filter)?);
    };
    (1 ephemeral_elsewhere $event:ident [$message:tt $label:tt $note:tt] $($filter:ident)?) => {
        const _: () = {
            // Nothing implements it; with the lifetime of a call, it is looked at where somebody calls, and not here.
            #[doc(hidden)]
            #[diagnostic::on_unimplemented(message = $message, label = $label, note = $note)]
            pub trait __Published<'a> {
                fn never<T>(&'a self) -> ::core::future::Ready<::core::result::Result<T, $crate::Error>>;
            }
            #[allow(dead_code, private_bounds, missing_docs)]
            impl $event {
                    #[doc(hidden)]
                    pub fn emit<'a>(
                        &'a self,
                        _: &'a $crate::Bus,
                    ) -> ::core::future::Ready<::core::result::Result<(), $crate::Error>>
                    where
                        Self: __Published<'a>,
                    {
                        __Published::never(self)
                    }
            }
        };
        $crate::__event_functions!(1 subscribed $event [] $($filter)?);
    };
    (1 subscribed $event:ident [] $($filter:ident)?) => {
        #[allow(dead_code, deprecated)]
        impl $event {
            /// Subscribes to every event of this kind.
            ///
            /// # Errors
            /// When the server cannot be asked or refuses.
            pub fn subscribe(
                bus: &$crate::Bus,
            ) -> impl ::core::future::Future<Output = ::core::result::Result<$crate::Subscription<Self>, $crate::Error>> + use<'_> {
                bus.subscribe($crate::Filter::<Self>::all())
            }
        }
        $(
            #[allow(dead_code, deprecated)]
            impl $filter {
                /// Subscribes to these events.
                ///
                /// # Errors
                /// When a value cannot be a token of a subject, or the server cannot be asked or refuses.
                pub async fn subscribe(
                    &self,
                    bus: &$crate::Bus,
                ) -> ::core::result::Result<$crate::Subscription<$event>, $crate::Error> {
                    bus.subscribe(self.pattern()?).await
                }
            }
        )?
    };
    // A struct that the derive refuses: the functions of every kind, so that no call of them is an error too.
    (1 refused $event:ident [] $filter:ident) => {
        #[allow(dead_code, deprecated, missing_docs, clippy::all)]
        impl $event {
            pub async fn publish(&self, _: &$crate::Bus) -> ::core::result::Result<$crate::Receipt, $crate::Error> {
                ::core::unreachable!()
            }
            pub async fn enqueue(&self, _: &$crate::Bus) -> ::core::result::Result<$crate::Pending, $crate::Error> {
                ::core::unreachable!()
            }
            pub async fn emit(&self, _: &$crate::Bus) -> ::core::result::Result<(), $crate::Error> {
                ::core::unreachable!()
            }
            pub async fn subscribe(_: &$crate::Bus) -> ::core::result::Result<$crate::Subscription<Self>, $crate::Error> {
                ::core::unreachable!()
            }
        }
        #[allow(dead_code, deprecated, missing_docs, clippy::all)]
        impl $filter {
            pub async fn subscribe(&self, _: &$crate::Bus) -> ::core::result::Result<$crate::Subscription<$event>, $crate::Error> {
                ::core::unreachable!()
            }
        }
    };
    ($other:tt $($functions:tt)*) => {
        $crate::generated_format!($other);
    };
}
