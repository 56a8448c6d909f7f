//! What a page has besides its screens: dialogs, menus, forms and panels, and how each of them is opened.

/// One part that stands open.
pub struct Opened {
    /// What it is called in a report.
    pub name: &'static str,
    /// The screen that it belongs to.
    pub address: &'static str,
    /// The script that opens it.
    pub open: &'static str,
    /// Something that is only there while it is open.
    pub sign: &'static str,
}

const fn opened(name: &'static str, address: &'static str, open: &'static str, sign: &'static str) -> Opened {
    Opened { name, address, open, sign }
}

/// A key with Ctrl, as the page hears it.
const PALETTE: &str = "dispatchEvent(new KeyboardEvent('keydown', {key: 'k', ctrlKey: true, bubbles: true})); return 1";

/// Everything that somebody can open on a page that has data.
pub const OPENED: [Opened; 19] = [
    opened("palette", "#/overview", PALETTE, "dialog[open] [role=option]"),
    opened(
        "palette without results",
        "#/overview",
        "dispatchEvent(new KeyboardEvent('keydown', {key: 'k', ctrlKey: true, bubbles: true})); \
         const field = document.querySelector('[role=combobox]'); \
         setTimeout(() => { field.value = 'zzz'; field.dispatchEvent(new Event('input', {bubbles: true})) }, 0); return 1",
        "dialog[open] [role=status]",
    ),
    opened(
        "keyboard map",
        "#/heart",
        "dispatchEvent(new KeyboardEvent('keydown', {key: '?', shiftKey: true, bubbles: true})); return 1",
        "dialog[open] kbd",
    ),
    opened(
        "go to date",
        "#/activity?range=month",
        "document.querySelector('.day input').focus(); return 1",
        ".day input:focus",
    ),
    opened(
        "read-out",
        "#/heart?range=month",
        "const chart = document.querySelector('[role=slider]'); chart.focus(); \
         chart.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowLeft', bubbles: true})); return 1",
        ".tip",
    ),
    opened(
        "electrocardiogram",
        "#/heart",
        "document.querySelector('main th button.link').click(); return 1",
        "main th button[aria-expanded=true]",
    ),
    opened("table", "#/activity?range=month", TABLE, "main .room table"),
    opened("table of a night", "#/sleep?range=day", TABLE, "main .room table"),
    opened("table of two types", "#/compare", TABLE, "main .room table"),
    opened(
        "cards to arrange",
        "#/overview",
        "document.querySelector('.edit .link').click(); return 1",
        ".cards .tools button",
    ),
    opened(
        "session to split",
        "#/sleep?range=day",
        "document.querySelector('[data-testid=sessions] li button').click(); return 1",
        "[data-testid=sessions] form",
    ),
    opened(
        "rows to delete",
        "#/type/step_count",
        "[...document.querySelectorAll('[data-testid=hide] button:not(:disabled)')].at(-1)?.click(); return 1",
        "[data-testid=hide] .acts button:nth-of-type(3)",
    ),
    opened("explained number", "#/type/step_count", "return 1", "[data-testid=explain] table"),
    opened("order of sources", "#/type/step_count", "return 1", "[data-testid=order] li"),
    opened(
        "other order of sources",
        "#/type/step_count",
        "document.querySelector('[data-testid=order] li:first-child button:last-of-type').click(); return 1",
        "[data-testid=done]",
    ),
    opened("taking out", "#/settings", "return 1", "[data-testid=export] button:not(:disabled)"),
    opened(
        "deleting everything",
        "#/settings",
        "document.querySelector('[data-testid=delete] button').click(); return 1",
        "[data-testid=delete] form input",
    ),
    opened(
        "answer of a query",
        "#/query",
        "document.querySelector('main details summary').click(); \
         document.querySelector('main .button.primary').click(); return 1",
        "main table td",
    ),
    opened(
        "undoing an import",
        "#/import",
        "document.querySelector('main li > .button').click(); return 1",
        "main li > .button + .button",
    ),
];

const TABLE: &str = "document.querySelector('main .tabs .segments button:last-child').click(); return 1";
