'use strict';
// Light or dark, before anything is drawn. The system decides until somebody chooses.
const THEME = 'theme';
const chosen = localStorage.getItem(THEME);

function show(theme) {
    if (theme === 'light' || theme === 'dark') {
        document.documentElement.dataset.theme = theme;
    } else {
        delete document.documentElement.dataset.theme;
    }
}

show(chosen);
document.addEventListener('DOMContentLoaded', () => {
    for (const button of document.querySelectorAll('[data-theme-switch]')) {
        button.hidden = false;
        button.addEventListener('click', () => {
            const system = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
            const shown = document.documentElement.dataset.theme || system;
            const next = shown === 'dark' ? 'light' : 'dark';
            // Back to what the system says, the choice is forgotten.
            if (next === system) {
                localStorage.removeItem(THEME);
            } else {
                localStorage.setItem(THEME, next);
            }
            show(next);
        });
    }
});
