//! The values of a context: an immutable list, whose tail is shared by all that was derived from it.

use crate::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use crate::sync::atomic::{AtomicUsize, fence};
use std::any::TypeId;
use std::mem;
use std::process::abort;
use std::ptr::NonNull;

/// Values of a request, found by their types. A context hands them down, from the function that knows them to
/// those that need them.
///
/// A `Values` never changes: [`with`](Self::with) makes another one, with a value more. The new one shares all
/// older values with the one it was made from, and neither is affected by what is made from the other. There
/// is one value of each type to be seen, the newest. What is to have a key of its own needs a type of its own:
/// `struct UserId(u64)`, and not `u64`.
///
/// A map that is cloned for each child copies all it has; this copies nothing.
///
/// ```
/// use context_values::Values;
///
/// #[derive(Debug, PartialEq)]
/// struct UserId(u64);
/// #[derive(Debug, PartialEq)]
/// struct Trace(&'static str);
///
/// let request = Values::new().with(UserId(7));
/// let query = request.with(Trace("query"));
/// assert_eq!(query.get(), Some(&UserId(7)));
/// assert_eq!(query.get(), Some(&Trace("query")));
/// assert_eq!(request.get::<Trace>(), None);
/// assert_eq!(query.without::<UserId>().get::<UserId>(), None);
/// ```
///
/// # Threads
/// Any thread may read, derive, clone and drop at any time, and no call waits for another. A value is dropped
/// by whichever thread drops the last `Values` that has it, shadowed or not. What the others did with the
/// value, before they dropped theirs, happens before its destructor.
#[derive(Default)]
pub struct Values {
    /// The newest node. Each list owns its first node, and each node owns the next.
    newest: Option<NonNull<Header>>,
}

/// What each node begins with, whatever the type of its value.
struct Header {
    /// How many own this node: lists that begin with it, and nodes that go on with it.
    owners: AtomicUsize,
    /// The `T` of the [`Node<T>`] that this is the beginning of.
    key: TypeId,
    /// [`free::<T>`](free).
    free: unsafe fn(NonNull<Header>) -> Values,
    older: Values,
}

/// A node is one allocation. `repr(C)`: a pointer to it is also a pointer to its header.
#[repr(C)]
struct Node<T> {
    header: Header,
    /// `None` hides the older values of this type.
    value: Option<T>,
}

// SAFETY: the threads share the nodes. Their values are `Send` and `Sync`, which `with` requires, so that all
// may read them and any may drop them. The rest of a node never changes after it was made, except the count,
// which is an atomic.
unsafe impl Send for Values {}
// SAFETY: a `&Values` can be cloned, so sharing one is like sending one.
unsafe impl Sync for Values {}

impl Values {
    /// Makes a list without values.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a list that has `value`, and all values of this one. An older value of the same type is shadowed.
    ///
    /// Takes the same time and memory however many values there are: at most two allocations.
    #[must_use = "a list never changes: this makes another one"]
    pub fn with<T: Send + Sync + 'static>(&self, value: T) -> Self {
        self.derive(Some(value))
    }

    /// Makes a list that has all values of this one, except that no value of type `T` is to be seen, however
    /// many there are. A newer one can be put in front by [`with`](Self::with).
    ///
    /// The hidden values are not dropped: they may be shared. Takes the same time and memory as `with`.
    #[must_use = "a list never changes: this makes another one"]
    pub fn without<T: Send + Sync + 'static>(&self) -> Self {
        self.derive::<T>(None)
    }

    fn derive<T: Send + Sync + 'static>(&self, value: Option<T>) -> Self {
        let node = Box::new(Node {
            header: Header {
                owners: AtomicUsize::new(1),
                key: TypeId::of::<T>(),
                free: free::<T>,
                older: self.clone(),
            },
            value,
        });
        Self {
            newest: Some(NonNull::from(Box::leak(node)).cast()),
        }
    }

    /// Returns the newest value of type `T`, or `None` if there is none, or if it is hidden.
    ///
    /// Looks at one value after the other, from the newest to the oldest. It neither waits nor allocates, and
    /// copies nothing: all lists that share a value lend the same one.
    pub fn get<T: 'static>(&self) -> Option<&T> {
        let mut list = self;
        while let Some(node) = list.newest {
            // SAFETY: `list` is one of the node's owners, so the node stays as long as `list` does, which
            // `self` owns. Nothing but the count is written to as long as it has owners.
            let header = unsafe { node.as_ref() };
            if header.key == TypeId::of::<T>() {
                // SAFETY: as above. The key says that this is the header of a `Node<T>`, and the pointer came
                // from the whole node.
                return unsafe { node.cast::<Node<T>>().as_ref() }.value.as_ref();
            }
            list = &header.older;
        }
        None
    }
}

/// Makes a list with the same values, which are shared and not cloned. It allocates nothing.
impl Clone for Values {
    fn clone(&self) -> Self {
        if let Some(node) = self.newest {
            // SAFETY: this list is one of the owners of the node, which therefore stays.
            let header = unsafe { node.as_ref() };
            // Relaxed: what the new owner may see is what this one sees, and how it gets to another thread
            // brings the order with it.
            let before = header.owners.fetch_add(1, Relaxed);
            // A list that is forgotten takes no memory, so safe code could count up to here. There is as much
            // room again for the others that count before the process has ended.
            if before > isize::MAX as usize {
                abort();
            }
        }
        Self {
            newest: self.newest,
        }
    }
}

/// Drops the values that no other list has, each of them once. It takes no more stack for a million values
/// than for two. If the destructor of one panics, the others are dropped all the same.
impl Drop for Values {
    fn drop(&mut self) {
        // A loop, because to drop `older` where it is, in the node, would call this function for each node
        // from within the call for the one before.
        while let Some(node) = self.newest.take() {
            // SAFETY: this list is one of the owners of the node, until the next line.
            let header = unsafe { node.as_ref() };
            // Release: what this thread did with the value happens before the last owner drops it. To step
            // out and to learn who was last are one operation: of several that go at once, one was. The node
            // behind it loses an owner only then.
            if header.owners.fetch_sub(1, Release) != 1 {
                break;
            }
            // Pairs with the Release above, of all the others.
            fence(Acquire);
            // SAFETY: `free` stands in the header of this very node, whose last owner has just let go of it.
            let mut older = unsafe { (header.free)(node) };
            self.newest = older.newest.take();
        }
    }
}

/// Drops the value, frees the node, and returns the rest of the list. If the value's destructor panics, the
/// rest is dropped while the panic unwinds.
///
/// # Safety
/// `node` is the header of a `Node<T>` that [`Values::derive`] has made. It has no owner left, and nobody uses
/// it again.
unsafe fn free<T>(node: NonNull<Header>) -> Values {
    // SAFETY: the caller promises that this is such a node, which came from a `Box`, and that nobody else has
    // it.
    let mut node = unsafe { Box::from_raw(node.cast::<Node<T>>().as_ptr()) };
    let older = mem::take(&mut node.header.older);
    drop(node);
    older
}
