'use strict';
// What Django's search in a long list of choices (select2) lacks: names for screen readers, the focus in its search box,
// and filters that are set by the choice.
{
    const $ = django.jQuery;
    const labelOf = (select) => document.querySelector(`label[for="${select.id}"]`);

    $(document).on('select2:open', (event) => {
        const label = labelOf(event.target);
        const box = document.querySelector('.select2-container--open .select2-search__field');
        if (box) {
            box.setAttribute('aria-label', label ? `Search ${label.textContent.trim()}` : 'Search');
            const list = document.querySelector('.select2-container--open .select2-results__options');
            list.setAttribute('aria-label', label ? label.textContent.trim() : 'Choices');
            const field = document.querySelector('.select2-container--open [role="combobox"]');
            field.setAttribute('aria-controls', list.id);
            box.focus();
        }
    });
    $(document).on('select2:select', '.find-one select', (event) => event.target.form.submit());

    // After Django's script has made the fields.
    $(() => {
        for (const select of document.querySelectorAll('select.admin-autocomplete')) {
            const label = labelOf(select);
            const field = select.nextElementSibling && select.nextElementSibling.querySelector('[role="combobox"]');
            if (label && field) {
                label.id = label.id || `${select.id}_label`;
                for (const shown of field.querySelectorAll('[role="textbox"]')) {  // a text, nobody types there
                    shown.removeAttribute('role');
                    shown.removeAttribute('aria-readonly');
                }
                field.setAttribute('aria-labelledby', `${label.id} ${field.getAttribute('aria-labelledby')}`);
            }
        }
        for (const form of document.querySelectorAll('.find-one')) {
            const chip = form.closest('details');
            chip.addEventListener('toggle', () => {
                $(form).find('select').select2(chip.open ? 'open' : 'close');
            });
        }
    });
}
