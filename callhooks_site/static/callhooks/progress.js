'use strict';
// Updates the progress bar of a job. Without this script, refresh the page.
const bar = document.querySelector('progress[data-url]');
const EVERY = 1000; // milliseconds; a drain moves a job on about once a second

async function look() {
    let progress;
    try {
        const answer = await fetch(bar.dataset.url, {credentials: 'same-origin', redirect: 'error'});
        if (!answer.ok) {
            return; // logged out, or gone: a reload says which
        }
        progress = await answer.json();
    } catch {
        setTimeout(look, 5 * EVERY); // no connection just now
        return;
    }
    bar.max = progress.max;
    bar.value = progress.value;
    document.getElementById('status-text').textContent = progress.status_text;
    if (progress.state === 'running') {
        setTimeout(look, EVERY);
    } else {
        location.reload();
    }
}

if (bar) {
    setTimeout(look, EVERY);
}
