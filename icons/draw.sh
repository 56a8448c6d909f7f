#!/bin/sh
# Draws the icon at every size that a bundle needs: a heart with a pulse through it. Needs ImageMagick.
# icon.icns and icon.ico, for other systems, are made of icon.png by `npx --prefix ui tauri icon`.
set -eu
cd "$(dirname "$0")"
draw() {
    convert -size 1024x1024 xc:none \
        \( -size 1024x1024 gradient:'#e0506c'-'#9c1f3c' \
           \( -size 1024x1024 xc:none -fill white -draw 'roundrectangle 64,64 960,960 208,208' \) \
           -compose CopyOpacity -composite \) -compose Over -composite \
        -fill white -stroke none \
        -draw "path 'M 512,800 C 300,650 190,540 190,408 C 190,300 272,228 366,228 C 430,228 484,262 512,318 C 540,262 594,228 658,228 C 752,228 834,300 834,408 C 834,540 724,650 512,800 Z'" \
        -fill none -stroke '#b32a49' -strokewidth 44 \
        -draw "stroke-linecap round stroke-linejoin round path 'M 214,486 L 392,486 L 452,376 L 540,590 L 604,486 L 810,486'" \
        -resize "$1x$1" -strip -define png:color-type=6 -depth 8 "PNG32:$2"
}
draw 32 32x32.png
draw 128 128x128.png
draw 512 icon.png
