'use strict';
// A resend's page follows its job. Without this script one reloads the page.
const bar = document.querySelector('progress[data-url]');
const EVERY = 1000; // milliseconds; a drain moves a job on about once a second

async function look() {
    let told;
    try {
        const answer = await fetch(bar.dataset.url, {credentials: 'same-origin', redirect: 'error'});
        if (!answer.ok) {
            return; // logged out, or gone: a reload says which
        }
        told = await answer.json();
    } catch {
        setTimeout(look, 5 * EVERY); // no connection just now
        return;
    }
    bar.max = told.max;
    bar.value = told.value;
    document.getElementById('told').textContent = told.told;
    if (told.state === 'running') {
        setTimeout(look, EVERY);
    } else {
        location.reload();
    }
}

if (bar) {
    setTimeout(look, EVERY);
}
