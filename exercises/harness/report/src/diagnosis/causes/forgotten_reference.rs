//! An `Arc` with references that nobody dropped.

use super::{Case, Remark, at_row};
use crate::record::{Effect, ObjectId, Reference};

/// More of them than this are not pointed at one by one.
const FEW: usize = 2;

/// The references that keep a value alive, if the record says which those are.
pub(super) fn cause(case: Case<'_>) -> Option<Remark> {
    let mut leaked = case.log.objects().filter(|(_, o)| !o.references.is_empty());
    let (id, object) = leaked.next()?;
    // Of several, one may keep another alive.
    if leaked.next().is_some() || object.references.len() > FEW {
        return None;
    }
    let births: Option<Vec<usize>> =
        object.references.iter().map(|reference| birth(case, id, *reference)).collect();
    let births = births?;
    let made: Vec<String> = births
        .iter()
        .map(|&event| {
            let maker = case.thread(case.event(event).thread);
            format!("the one that {maker} made in {}", at_row(event))
        })
        .collect();
    let text = format!(
        "a reference that is forgotten keeps the value alive: by mem::forget, in something that is never dropped, or \
         in a cycle. Of the references to {} it is {}.",
        case.object(id),
        made.join(" and ")
    );
    let remark = births
        .into_iter()
        .fold(Remark::new(text), |remark, event| remark.mark(event, "never dropped"));
    Some(remark)
}

/// The event in which a reference was made, if there is only one that it can be.
fn birth(case: Case<'_>, id: ObjectId, reference: Reference) -> Option<usize> {
    let mut made = case.log.events_of(reference.maker).filter(|(_, event)| {
        let makes = matches!(event.effect, Effect::Count { name: "new" | "clone", .. });
        makes && event.object == Some(id) && event.place == Some(reference.made)
    });
    let (first, _) = made.next()?;
    made.next().is_none().then_some(first)
}
