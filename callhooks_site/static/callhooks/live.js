'use strict';
// A page that waits for a result is made anew as soon as there is one. Without this script one reloads it.
const watched = document.querySelector('[data-live-url]');
const SOON = 300; // milliseconds; a receiver mostly answers in less
const LATER = 3000; // a retry comes in minutes
const PATIENT = 60; // looks before it is asked less often
let looks = 0;

async function look() {
    looks += 1;
    try {
        const answer = await fetch(watched.dataset.liveUrl, {credentials: 'same-origin', redirect: 'error'});
        if (!answer.ok) {
            return; // logged out, or gone: a reload says which
        }
        if ((await answer.json()).state !== watched.dataset.liveState) {
            location.reload();
            return;
        }
    } catch {
        // No connection just now: the next look may have one.
    }
    setTimeout(look, looks < PATIENT ? SOON : LATER);
}

if (watched) {
    setTimeout(look, SOON);
}
