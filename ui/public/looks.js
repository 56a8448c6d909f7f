// What somebody chose for this window, before anything is painted: a dark one must not begin with a light flash.
// Only this; everything else of it is done by src/appearance.svelte.ts.
try {
  const theme = localStorage.getItem('vitalog.theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch {
  // A window without a place to keep it follows the system.
}
