// Before the first paint, so that a dark page never flashes white. A file, since the policy allows no inline script.
;(function () {
  var chosen = null
  try {
    chosen = localStorage.getItem('sallyport.theme')
  } catch (_) {
    /* storage is off: the system's wish counts */
  }
  var dark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.dataset.theme = dark ? 'dark' : 'light'
})()
