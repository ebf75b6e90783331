// The texts of the page whose contrast with what lies behind them is below 4.5.
() => {
  const channel = (value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const numbers = (colour) => colour.match(/[\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => 0.2126 * channel(r / 255) + 0.7152 * channel(g / 255) + 0.0722 * channel(b / 255);
  const over = ([r, g, b, a = 1], under) => [r, g, b].map((value, i) => value * a + under[i] * (1 - a));
  const behind = (node) => {
    if (!node) return [255, 255, 255];
    const colour = numbers(getComputedStyle(node).backgroundColor);
    return colour[3] === 0 ? behind(node.parentElement) : over(colour, behind(node.parentElement));
  };
  const ratio = (node) => {
    const ground = behind(node);
    const [a, b] = [luminance(over(numbers(getComputedStyle(node).color), ground)), luminance(ground)];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  const hasText = (node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
  return [...document.querySelectorAll("body *")]
    .filter((node) => node.tagName !== "NOSCRIPT" && hasText(node) && node.offsetParent !== null)
    .filter((node) => ratio(node) < 4.5)
    .map((node) => `${node.className} ${node.textContent.slice(0, 20)} ${ratio(node).toFixed(2)}`);
}
