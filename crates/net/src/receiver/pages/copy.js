for (const button of document.querySelectorAll('[data-copy]')) {
    button.addEventListener('click', () => {
        const field = document.getElementById(button.dataset.copy);
        field.focus();
        field.setSelectionRange(0, field.value.length);
        document.execCommand('copy');
    });
}
