'use strict';
// Small help for the keyboard and the mouse. Without this script all works, with more steps.

// "/" goes to the search at the top.
document.addEventListener('keydown', (event) => {
    const typing = event.target.closest('input, textarea, select, [contenteditable]');
    if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey) {
        const find = document.querySelector('.top .find input, .filters .find input');
        if (find) {
            event.preventDefault();
            find.focus();
        }
    }
    if (event.key === 'Escape') {
        const open = document.querySelector('details[name="chips"][open]');
        if (open) {
            open.open = false;
            open.querySelector('summary').focus();
        }
    }
});

// A click elsewhere closes what is open.
document.addEventListener('click', (event) => {
    for (const open of document.querySelectorAll('details[name="chips"][open]')) {
        if (!open.contains(event.target)) {
            open.open = false;
        }
    }
});

// "All events" goes with the others: ticked, all are; and it is ticked where all are. Those about delivery, which have a
// dot, are asked for one by one.
const every = document.querySelector('input[name="events"][value="all"]');
if (every) {
    const boxes = [...document.querySelectorAll('input[name="events"]')];
    const others = boxes.filter((box) => box !== every && !box.value.includes('.'));
    every.checked = every.checked || others.every((box) => box.checked);
    every.addEventListener('change', () => {
        for (const box of others) {
            box.checked = every.checked;
        }
    });
    for (const box of others) {
        box.addEventListener('change', () => {
            every.checked = others.every((one) => one.checked);
        });
    }
}

// One checkbox marks all rows of the page.
const all = document.getElementById('action-toggle');
if (all) {
    const boxes = () => document.querySelectorAll('.list tbody .check input[type="checkbox"]');
    all.addEventListener('change', () => {
        for (const box of boxes()) {
            box.checked = all.checked;
        }
    });
    document.addEventListener('change', (event) => {
        if (event.target !== all && event.target.closest('.list .check')) {
            const list = [...boxes()];
            const marked = list.filter((box) => box.checked).length;
            all.checked = marked === list.length;
            all.indeterminate = marked > 0 && marked < list.length;
        }
    });
}
