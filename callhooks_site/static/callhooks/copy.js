'use strict';
// Copy buttons: shown where the browser can copy.
for (const button of document.querySelectorAll('button[data-copy]')) {
    if (!navigator.clipboard) {
        continue;
    }
    button.hidden = false;
    button.addEventListener('click', async () => {
        await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
        button.textContent = 'Copied';
    });
}
