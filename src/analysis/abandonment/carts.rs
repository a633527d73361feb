//! The carts that actors had, and how they come from an actor's events.

/// The bits of events that put something into a cart, and that buy it.
const CART: u64 = 1;
const BUY: u64 = 2;

/// A cart or buy event, or both, of the actor whose rows come.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) item: u32,
    pub(super) time: i64,
    pub(super) mark: u64,
    pub(super) value: Option<i128>,
    /// The number of each key.
    pub(super) keys: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Cart {
    /// When it began.
    pub(super) at: i64,
    pub(super) value: Option<i128>,
    pub(super) is_bought: bool,
}

/// Carts, and the number of each key of theirs.
#[derive(Clone, Debug)]
pub(super) struct Carts {
    carts: Vec<Cart>,
    n_keys: usize,
    /// So many for each cart.
    keys: Vec<u32>,
}

impl Carts {
    pub(super) fn new(n_keys: usize) -> Self {
        Self { carts: vec![], n_keys, keys: vec![] }
    }

    pub(super) fn push(&mut self, cart: Cart, keys: &[u32]) {
        self.carts.push(cart);
        self.keys.extend_from_slice(keys);
    }

    pub(super) fn all(&self) -> &[Cart] {
        &self.carts
    }

    /// The numbers of one key.
    pub(super) fn key(&self, at: usize) -> Vec<u32> {
        self.keys.iter().skip(at).step_by(self.n_keys.max(1)).copied().collect()
    }

    /// Adds an actor with all its events, in the order of time.
    pub(super) fn add_actor(&mut self, events: &mut [Event], window: u64) {
        events.sort_by_key(|event| event.item);
        for events in events.chunk_by(|a, b| a.item == b.item) {
            self.add_item(events, window);
        }
    }

    pub(super) fn size(&self) -> usize {
        self.carts.capacity() * size_of::<Cart>() + 4 * self.keys.capacity()
    }

    fn add_item(&mut self, events: &[Event], window: u64) {
        let mut open: Option<(Cart, &[u32])> = None;
        for events in events.chunk_by(|a, b| a.time == b.time) {
            let at = events[0].time;
            if let Some((cart, keys)) = open.take_if(|(cart, _)| at.wrapping_sub(cart.at) as u64 > window) {
                self.push(cart, keys);
            }
            for event in events.iter().filter(|event| event.mark & CART != 0) {
                let (cart, _) = open.get_or_insert((Cart { at, value: None, is_bought: false }, event.keys.as_slice()));
                cart.value = event.value.or(cart.value);
            }
            if events.iter().any(|event| event.mark & BUY != 0)
                && let Some((cart, keys)) = open.take()
            {
                self.push(Cart { is_bought: true, ..cart }, keys);
            }
        }
        if let Some((cart, keys)) = open {
            self.push(cart, keys);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cart_lasts_until_it_is_bought_or_its_time_is_over() {
        for (events, window, expected) in [
            (vec![(0, 1), (9, 2)], 9, vec![(0, true)]),
            (vec![(0, 1), (10, 2)], 9, vec![(0, false)]),
            (vec![(0, 1), (5, 1), (9, 1), (10, 1), (12, 2)], 9, vec![(0, false), (10, true)]),
            (vec![(0, 1), (3, 2), (4, 2), (5, 1)], 9, vec![(0, true), (5, false)]),
            // Events of one time: what is put into a cart can be bought.
            (vec![(0, 2), (0, 1), (4, 3), (4, 1)], 9, vec![(0, true), (4, true)]),
            (vec![(3, 2)], 9, vec![]),
            (vec![(i64::MIN, 1), (i64::MAX, 2)], u64::MAX, vec![(i64::MIN, true)]),
        ] {
            let event = |&(time, mark)| Event { item: 1, time, mark, value: None, keys: vec![] };
            let mut carts = Carts::new(0);
            carts.add_actor(&mut events.iter().map(event).collect::<Vec<_>>(), window);
            let found: Vec<(i64, bool)> = carts.all().iter().map(|cart| (cart.at, cart.is_bought)).collect();
            assert_eq!(found, expected, "{events:?} within {window}");
        }
    }
}
