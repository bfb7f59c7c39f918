import { createApp } from 'vue'
import App from './App.vue'
import { router } from './router'
import { language } from './text'
import './styles/fonts.css'
import './styles/tokens.css'
import './styles/base.css'

document.documentElement.lang = language
// A daemon of a newer version no longer has the pieces that this page would load next: it is read anew, once.
window.addEventListener('vite:preloadError', (event) => {
  const key = 'sallyport.reloaded'
  const last = Number(sessionStorage.getItem(key) ?? 0)
  if (Date.now() - last < 30_000) return
  event.preventDefault()
  sessionStorage.setItem(key, String(Date.now()))
  location.reload()
})

createApp(App).use(router).mount('#app')
